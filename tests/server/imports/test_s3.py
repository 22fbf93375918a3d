"""The few calls of S3: signed as AWS and its own client sign, whole lists, troubles in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server import clock
from server.imports.places import Place
from server.imports.s3 import S3, S3Trouble, sign
from tests.support import s3_server

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
AT = datetime(2013, 5, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[int, Any]]:
    """One server for all of these."""
    with s3_server.s3_server() as served:
        yield served


def _open(port: int, **more: str) -> S3:
    given = {"host": "127.0.0.1", "tls": "no", "bucket": s3_server.BUCKET, "access_key": s3_server.ACCESS_KEY, **more}
    return S3("127.0.0.1", port, given, {"secret_key": s3_server.SECRET_KEY})


def test_the_example_that_aws_publishes() -> None:
    """*GET Object* of the Signature 4 documentation."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY,
        "x-amz-date": "20130524T000000Z",
    }
    keys = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
    signed = sign("GET", "/test.txt", {}, headers, region="us-east-1", at=AT, **keys)
    assert signed.endswith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


@pytest.mark.parametrize("key", ["stock.xlsx", "night/Größe (1) + a&b=c~.xlsx", "a b/%41#?;:@$,'!*.csv"])
@pytest.mark.parametrize("query", [{}, {"list-type": "2", "prefix": "näch t/+", "delimiter": "/"}])
def test_signed_like_another_client(key: str, query: dict[str, str]) -> None:
    """botocore signs what we are about to send, and comes to the same."""
    with clock.frozen(AT):
        asked = _open(9000)._request("GET", key, query, b"body", {"x-amz-copy-source": "/b/ö".encode().hex()})
    theirs = AWSRequest("GET", asked["url"], headers={"x-amz-copy-source": asked["headers"]["x-amz-copy-source"]})
    theirs.headers["host"] = asked["headers"]["host"]
    theirs.headers["X-Amz-Content-SHA256"] = asked["headers"]["x-amz-content-sha256"]
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"] = asked["headers"]["x-amz-date"]
    auth = S3SigV4Auth(Credentials(s3_server.ACCESS_KEY, s3_server.SECRET_KEY), "s3", "us-east-1")
    auth.payload = lambda _: asked["headers"]["x-amz-content-sha256"]  # type: ignore[method-assign]
    signature = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
    assert asked["headers"]["authorization"].endswith(f"Signature={signature}")


def test_more_than_a_page_and_odd_names(bucket: tuple[int, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of several pages is read to its end; what lies deeper is not in it."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "20")  # of a page; a thousand at the real one
    port, client = bucket
    for number in range(45):
        client.put_object(Bucket=s3_server.BUCKET, Key=f"many/{number}.xlsx", Body=b"x")
    client.put_object(Bucket=s3_server.BUCKET, Key="many/done/old.xlsx", Body=b"x")
    client.put_object(Bucket=s3_server.BUCKET, Key="many/Größe (1) + a&b.xlsx", Body=b"xyz")
    assert client.list_objects_v2(Bucket=s3_server.BUCKET, Prefix="many/")["IsTruncated"]
    place = Place(_open(port), "/many", "s3")
    found = place.look("*")
    assert len(found) == 46
    odd = next(one for one in found if one.size == 3)
    place.move(odd.name, f"done/{odd.name}")
    assert place.unchanged(odd) is None
    assert not place.free("done/Größe (1) + a&b.xlsx") and place.free("done/other.xlsx")
    place.close()


def test_troubles_in_words(bucket: tuple[int, Any]) -> None:
    """A bucket that is not there; an answer that is none."""
    port, _ = bucket
    with pytest.raises(S3Trouble, match="bucket"):
        _open(port, bucket="no-such-bucket").ls("/")
    with pytest.raises(FileNotFoundError):
        _open(port).mv("/no-such", "/other")
