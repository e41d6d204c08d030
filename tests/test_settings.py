"""Settings: read once, parsed completely, secrets masked, a bad value named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moderator import settings as module
from moderator.errors import SettingsError
from moderator.settings import Settings, misspelt, packaged_bundle, variables


def test_nothing_set_gives_the_documented_defaults() -> None:
    settings = Settings.read({})

    assert settings == Settings()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8080, Path("data"))
    assert (settings.redis_url, settings.secret, settings.views, settings.processes) == (None, None, "all", 1)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.read({"MODERATOR_PORT": "", "MODERATOR_SECRET": " ", "MODERATOR_REDIS_URL": ""}) == Settings()


def test_values_get_their_types() -> None:
    settings = Settings.read(
        {
            "MODERATOR_PORT": "9000",
            "MODERATOR_DATA": "~/comments",
            "MODERATOR_VIEWS": "surface",
            "MODERATOR_METADATA_LIMIT": "0",
            "MODERATOR_REDIS_URL": "rediss://cache.example:6380/2",
        }
    )

    assert settings.port == 9000
    assert settings.data == Path("~/comments").expanduser()
    assert settings.views == "surface"
    assert settings.metadata_limit == 0
    assert settings.redis_url == "rediss://cache.example:6380/2"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MODERATOR_PORT", "80a", "a whole number from 0 to 65535"),
        ("MODERATOR_PORT", "65536", "a whole number from 0 to 65535"),
        ("MODERATOR_PORT", "-1", "a whole number from 0 to 65535"),
        ("MODERATOR_PORT", "1_000", "a whole number from 0 to 65535"),
        ("MODERATOR_TEXT_LIMIT", "0", "a whole number from 1 to"),
        ("MODERATOR_VIEWS", "both", "one of all, surface"),
        ("MODERATOR_DURABILITY", "always", "one of process, disk, replica"),
        ("MODERATOR_LOG_LEVEL", "INFO", "one of debug, info, warning, error"),
        ("MODERATOR_HOST", "http://x", "a host name or an address"),
        ("MODERATOR_PREFIX", "a{b}", "1 to 32 of"),
        ("MODERATOR_REDIS_URL", "localhost:6379", "redis://host:port/0"),
        ("MODERATOR_REDIS_URL", "redis://h:99999", "redis://host:port/0"),
        ("MODERATOR_REDIS_URL", "unix://", "unix:///path"),
        ("MODERATOR_SECRET", "short", "at least 32 characters"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: value})

    assert name in caught.value.detail
    assert allowed in caught.value.detail


def test_a_bad_secret_or_url_is_never_echoed() -> None:
    for name, value in [("MODERATOR_SECRET", "hunter2"), ("MODERATOR_REDIS_URL", "http://user:hunter2@host")]:
        with pytest.raises(SettingsError) as caught:
            Settings.read({name: value})
        assert "hunter2" not in caught.value.detail


def test_the_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n", "utf-8")

    assert Settings.read({"MODERATOR_SECRET_FILE": str(file)}).secret == "s" * 40


def test_a_secret_file_that_is_missing_short_or_rivalled_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("abc", "utf-8")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff" * 40)

    for environ, words in [
        ({"MODERATOR_SECRET_FILE": str(tmp_path / "missing")}, "No such file"),
        ({"MODERATOR_SECRET_FILE": str(binary)}, "not UTF-8"),
        ({"MODERATOR_SECRET_FILE": str(short)}, "MODERATOR_SECRET_FILE has a wrong value; allowed: at least 32"),
        ({"MODERATOR_SECRET_FILE": str(short), "MODERATOR_SECRET": "s" * 40}, "both set"),
    ]:
        with pytest.raises(SettingsError, match=words):
            Settings.read(environ)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match="MODERATOR_BULK_BODY_LIMIT"):
        Settings.read({"MODERATOR_BULK_BODY_LIMIT": "2048"})
    with pytest.raises(SettingsError, match="no replica"):
        Settings.read({"MODERATOR_DURABILITY": "replica"})


def test_secrets_do_not_show_in_repr_nor_in_the_public_list() -> None:
    settings = Settings.read(
        {"MODERATOR_SECRET": "s3cret" * 8, "MODERATOR_REDIS_URL": "redis://user:hunter2@db.example:6379/0"}
    )

    for shown in (repr(settings), str(settings.public())):
        assert "s3cret" not in shown
        assert "hunter2" not in shown
        assert "db.example" in shown
    assert settings.secret == "s3cret" * 8


def test_the_public_list_shows_zero_and_leaves_out_what_is_not_set() -> None:
    public = Settings.read({"MODERATOR_METADATA_LIMIT": "0"}).public()

    assert public["MODERATOR_METADATA_LIMIT"] == "0"
    assert public["MODERATOR_REDIS_URL"] == ""
    assert set(public) == set(variables()) - {"MODERATOR_SECRET_FILE"}


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]  # the point of the test


def test_a_misspelt_variable_is_told_with_the_nearest_name() -> None:
    hints = misspelt({"MODERATOR_PROT": "1", "MODERATOR_QQQQQQ": "1", "MODERATOR_PORT": "1", "PATH": ""})

    assert hints == [
        "MODERATOR_PROT is no setting; did you mean MODERATOR_PORT?",
        "MODERATOR_QQQQQQ is no setting.",
    ]


def test_the_bundle_is_the_packaged_one_unless_set(tmp_path: Path) -> None:
    assert Settings().bundle_folder == packaged_bundle()
    assert Settings.read({"MODERATOR_BUNDLE": str(tmp_path)}).bundle_folder == tmp_path


def test_the_packaged_bundle_lies_beside_the_code_or_in_the_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "moderator" / "settings.py"))
    assert packaged_bundle() == tmp_path / "model" / "bundle"

    (tmp_path / "moderator" / "bundle").mkdir(parents=True)
    assert packaged_bundle() == tmp_path / "moderator" / "bundle"


def test_blas_is_held_to_one_thread_unless_the_operator_says_otherwise() -> None:
    script = (
        "import os; from moderator.settings import limit_blas; limit_blas();"
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    )
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}

    def run(**more: str) -> str:
        return subprocess.check_output([sys.executable, "-c", script], env=environ | more, text=True).strip()

    assert run() == "1 1"
    assert run(OMP_NUM_THREADS="4") == "1 4"
