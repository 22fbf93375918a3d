"""`python -m addin.desktop install|status|remove` on a Windows and a Mac that are folders."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
import xlwings
from keyring.errors import KeyringLocked

from addin.desktop import build, config
from addin.desktop.__main__ import main
from addin.desktop.install import InstallError, Machine, install, settings_text
from tests.addin.conftest import MemoryKeyring, Site

SYSTEMS = ["win32", "darwin"]
Make = Callable[[str], Machine]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passwords: MemoryKeyring) -> Make:
    """A home folder on one of the systems."""
    monkeypatch.setenv("STOCKBOOK_ADDIN_HOME", str(tmp_path / "ours"))

    def made(system: str) -> Machine:
        home = tmp_path / system
        environ = {"APPDATA": str(home / "AppData" / "Roaming"), "USERPROFILE": str(home)} if system == "win32" else {}
        return Machine(system, home, environ, python=r"C:\Python\python.exe" if system == "win32" else "/opt/python3")

    return made


def _files(machine: Machine) -> list[str]:
    return sorted(path.relative_to(machine.home).as_posix() for path in machine.home.rglob("*") if path.is_file())


def test_windows(machine: Make) -> None:
    """The add-in in the start-up folder, the Python to start in the settings that xlwings reads there."""
    here = machine("win32")
    assert main(["install", "--server", "stock.example.com/"], here) == 0
    assert _files(here) == [
        ".stockbook_addin/stockbook_addin.conf",
        "AppData/Roaming/Microsoft/Excel/XLSTART/stockbook_addin.xlam",
    ]
    lines = here.settings.read_text().splitlines()
    assert lines[0] == r'"INTERPRETER_WIN","C:\Python\python.exe"' and '"ADD_WORKBOOK_TO_PYTHONPATH","false"' in lines
    assert lines[1] == f'"PYTHONPATH","{Path(build.__file__).parents[2]}"'
    assert config.server() == "https://stock.example.com"


def test_macos(machine: Make) -> None:
    """The same, and the script by which Excel's sandbox lets VBA start Python."""
    here = machine("darwin")
    assert main(["install"], here) == 0
    library = "Library"
    assert _files(here) == [
        f"{library}/Application Scripts/com.microsoft.Excel/xlwings-{xlwings.__version__}.applescript",
        f"{library}/Containers/com.microsoft.Excel/Data/stockbook_addin.conf",
        f"{library}/Group Containers/UBF8T346G9.Office/User Content.localized/Startup.localized/Excel/"
        "stockbook_addin.xlam",
    ]
    assert '"INTERPRETER_MAC","/opt/python3"' in here.settings.read_text()


@pytest.mark.parametrize("system", SYSTEMS)
def test_install_status_remove(
    machine: Make, system: str, capsys: pytest.CaptureFixture[str], passwords: MemoryKeyring
) -> None:
    """Each says how it stands; installing twice is as good as once; removing leaves nothing, also no token."""
    here = machine(system)
    assert main(["status"], here) == 1 and "not installed" in capsys.readouterr().out
    assert main(["install"], here) == 0 == main(["install"], here)
    config.keep_token(config.server(), "sb_secret")
    capsys.readouterr()
    assert main(["status"], here) == 0
    told = capsys.readouterr().out
    assert "signed in: yes" in told and "sb_secret" not in told and xlwings.__version__ in told
    assert main(["remove"], here) == 0
    assert _files(here) == [] and passwords.kept == {}
    assert not list(config.folder().rglob("*.*")) and not (here.home / ".stockbook_addin").exists()
    assert main(["remove"], here) == 0 and "nothing was installed" in capsys.readouterr().out


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_does_not_fit_any_more_is_told(machine: Make, system: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An add-in of another version, settings of another Python."""
    here = machine(system)
    install(here)
    (here.start_up / build.FILE_NAME).write_bytes(b"older")
    here.settings.write_text(settings_text(here).replace("thon", "thon2"))
    assert main(["status"], here) == 1
    told = capsys.readouterr().out
    assert "out of date" in told and "for another Python" in told
    install(here)
    assert main(["status"], here) == 0


def test_a_script_that_was_there_before_stays(machine: Make) -> None:
    """It belongs to another xlwings add-in."""
    here = machine("darwin")
    assert here.script is not None
    here.script.parent.mkdir(parents=True)
    here.script.write_text("theirs")
    install(here)
    assert main(["remove"], here) == 0 and here.script.read_text() == "theirs"


def test_excel_holds_the_file(
    machine: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Windows locks an add-in that is open: said in words, exit code 1."""

    def locked(target: Path) -> Path:
        raise PermissionError(13, "in use", str(target))

    monkeypatch.setattr("addin.desktop.install.build", locked)
    assert main(["install"], machine("win32")) == 1
    assert "quit Excel and try again" in capsys.readouterr().err


def test_other_systems_and_wrong_addresses(machine: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """Linux has no Excel; an address that is none changes nothing."""
    with pytest.raises(InstallError, match="Windows and macOS"):
        install(machine("linux"))
    here = machine("win32")
    assert main(["install", "--server", "ftp://x"], here) == 1 and "is no address" in capsys.readouterr().err
    assert _files(here) == []


def test_build_for_administrators(tmp_path: Path, machine: Make) -> None:
    """One file to hand out."""
    assert main(["build", "-o", str(tmp_path / "dist" / "stockbook_addin.xlam")], machine("linux")) == 0
    assert (tmp_path / "dist" / "stockbook_addin.xlam").read_bytes()[:2] == b"PK"


def test_signing_in_without_a_window(
    site: Site, machine: Make, monkeypatch: pytest.MonkeyPatch, passwords: MemoryKeyring
) -> None:
    """For a Python without Tk: the token is asked for without showing it."""
    monkeypatch.setattr(getpass, "getpass", lambda _question: f" {site.server.token} ")
    assert main(["sign-in", "--server", site.server.address], machine("linux")) == 0
    assert list(passwords.kept.values()) == [site.server.token] and config.server() == site.server.address
    assert site.server.token not in (config.folder() / "addin.json").read_text()
    monkeypatch.setattr(getpass, "getpass", lambda _question: "")
    assert main(["sign-in"], machine("linux")) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://stock.example.com/ ", "https://stock.example.com"),
        ("stock.example.com", "https://stock.example.com"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000/console/", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_as_people_type_them(typed: str, kept: str) -> None:
    """Without http it is https, but on this computer."""
    assert config.tidy_address(typed) == kept


@pytest.mark.parametrize("typed", ["", "  ", "ftp://x", "https://", "http://a b"])
def test_what_is_no_address(typed: str) -> None:
    """Refused with an example."""
    with pytest.raises(config.WrongServer, match="looks like"):
        config.tidy_address(typed)


def test_a_password_store_that_is_locked(
    passwords: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SEC: the token is kept nowhere else; said in words."""

    def locked(*_args: str) -> None:
        raise KeyringLocked("no")

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, locked)
    for call in (config.token, config.forget_token, lambda address: config.keep_token(address, "x")):
        with pytest.raises(config.NoPasswordStore, match="Keychain"):
            call("http://x")


def test_folders_of_each_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where each system keeps such files."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert config.folder({"APPDATA": str(tmp_path / "R")}, "win32") == tmp_path / "R" / "Stockbook"
    assert config.folder({}, "win32") == tmp_path / "AppData" / "Roaming" / "Stockbook"
    assert config.folder({}, "darwin") == tmp_path / "Library" / "Application Support" / "Stockbook"
    assert config.folder({}, "linux") == tmp_path / ".config" / "stockbook"


def test_damaged_settings_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that somebody edited."""
    monkeypatch.setenv("STOCKBOOK_ADDIN_HOME", str(tmp_path))
    (tmp_path / "addin.json").write_text("[oh")
    assert config.server() == config.DEFAULT_SERVER
    config.change(server="https://x")
    assert config.server() == "https://x"
