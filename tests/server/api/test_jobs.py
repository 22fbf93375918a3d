"""Jobs and runs over HTTP."""

from __future__ import annotations

from server.jobs.runner import Runner
from tests.support.http import Api


def test_run_now_answers_at_once_and_shows_how_it_went(api: Api) -> None:
    """JOB-4: run now is one call, answers at once, and shows progress."""
    manager = api.roles["manager"]
    answer = manager.post("/jobs/retention/run")
    assert answer.status_code == 202 and answer.get_json()["status"] == "waiting"
    place = answer.headers["Location"]
    runner = Runner(api.db, api.shared.settings)
    for _ in range(3):  # the hour's own run comes first: a job alone never runs twice at once
        runner.tick()
        runner.wait()
    run = manager.get(place).get_json()
    assert (run["job"], run["status"], run["asked_by"]) == ("retention", "done", "manager-user")
    assert manager.get("/runs?job=retention&status=done").get_json()["items"][0]["asked_by"]
    assert manager.get("/runs?job=nothing").get_json()["items"] == []


def test_a_run_asked_for_twice_under_one_key_is_one(api: Api) -> None:
    sent = [api.admin.post("/jobs/retention/run", headers={"Idempotency-Key": "k"}) for _ in range(3)]
    assert len({(answer.data, answer.headers["Location"]) for answer in sent}) == 1


def test_a_job_is_edited(api: Api) -> None:
    """JOB-1: kept in the database, editable."""
    manager = api.roles["manager"]
    change = {"every_seconds": 60, "active": False, "arguments": {"folder": "in"}}
    answer = manager.patch("/jobs/retention", json=change)
    assert {name: answer.get_json()[name] for name in change} == change
    listed = {job["name"]: job for job in manager.get("/jobs").get_json()["items"]}
    assert listed["retention"]["every_seconds"] == 60 and listed["retention"]["title"]
    assert manager.patch("/jobs/retention", json={"every_seconds": 0}).status_code == 422
    assert manager.patch("/jobs/nothing", json={}).status_code == 404
    assert api.admin.get("/audit?action=job.change").get_json()["items"][0]["by"] == "manager-user"


def test_what_is_not_there(api: Api) -> None:
    assert api.admin.get("/runs/999").status_code == 404
    assert api.admin.post("/jobs/nothing/run").status_code == 404


def test_reports_are_scheduled_into_a_folder(api: Api) -> None:
    """REP-2, JOB-1: by the API too; the run writes them below the server's own folder for reports."""
    told = {"active": True, "every_seconds": 86_400, "arguments": {"reports": ["control", "sales"], "folder": "daily"}}
    answer = api.roles["manager"].patch("/jobs/reports", json=told)
    assert answer.status_code == 200 and answer.json["arguments"] == told["arguments"], answer.text
    asked = api.roles["manager"].post("/jobs/reports/run", json={}).json
    runner = Runner(api.db, api.shared.settings)
    assert runner.take(asked["id"])
    runner.wait()
    run = api.admin.get(f"/runs/{asked['id']}").json
    assert (run["status"], run["counts"]["reports"]) == ("done", 2), run
    names = sorted(path.name for path in (api.shared.settings.reports_folder / "daily").iterdir())
    assert [name.partition("-")[0] for name in names] == ["control", "sales"]
    outside = {"arguments": {"reports": ["sales"], "folder": "../out"}}
    assert api.roles["manager"].patch("/jobs/reports", json=outside).status_code == 422
    assert api.roles["merchandiser"].patch("/jobs/reports", json=told).status_code == 403
