"""Settings on real files and mappings: what is taken, and the one line for what is not."""

import copy
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.folder import open_to_others, read_bounded, write_private
from pipeline.settings import (
    FILE,
    LIMIT,
    AccountSettings,
    Environment,
    Passphrase,
    Settings,
    SettingsError,
    check,
    data_folder,
    load,
    read_environment,
    save,
)

US = Settings("us", "USD", "America/New_York")
MINIMAL = 'country = "us"\ncurrency = "USD"\ntimezone = "America/New_York"\n'


def write(folder: Path, text: str | bytes) -> None:
    (folder / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())


def refusal(folder: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load(folder)
    assert "\n" not in str(refused.value) and FILE in str(refused.value)
    return str(refused.value)


# ---- taxsync.toml -----------------------------------------------------------------------------


def test_settings_come_back_as_saved(tmp_path: Path) -> None:
    accounts = {'My "Kraken" = #1\\': AccountSettings("kraken"), "日本": AccountSettings("bitflyer")}
    full = Settings("de", "EUR", "Europe/Berlin", "fifo", "account", accounts, lookups=False, name="Ada Łovelace")
    told = replace(US, form_1099_da={"2025": {"My wallet": "no", "Kraken": "proceeds"}, "2026": {"Kraken": "basis"}})
    for settings in (US, full, told):
        save(tmp_path, settings)
        assert load(tmp_path) == settings


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=100))
def test_any_visible_account_name_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    settings = replace(US, accounts={name: AccountSettings("kraken")})
    save(folder, settings)
    assert load(folder) == settings


def test_the_file_explains_every_setting(tmp_path: Path) -> None:
    save(tmp_path, US)
    comments = [line for line in (tmp_path / FILE).read_text().splitlines() if line.startswith("#")]
    keys = "country currency timezone method methods lot_scope rules lookups prices accounts".split()
    for key in keys:
        assert any(line.startswith(f"# {key} ") for line in comments)


def test_a_minimal_file_by_hand_is_enough(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load(tmp_path) == US


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL + 'proxy = "http://evil"', "'?proxy'? is not a setting; there are name, country, currency"),
        (MINIMAL + '"a\\u001b[2J\\u202e" = 1', r"a\\x1b\[2J\\u202e is not a setting"),
        (MINIMAL + 'method = ["fifo"]', "method should be a text in quotes"),
        (MINIMAL + "lookups = 1", "lookups should be true or false"),
        (MINIMAL + 'prices = "hour"', "prices: 'hour' is none of"),
        (MINIMAL + 'lookups = "no"', "lookups should be true or false"),
        (MINIMAL + "accounts = []", r"accounts should be a table such as \[accounts.NAME\]"),
        (MINIMAL + 'accounts = {K = "kraken"}', "accounts.K should be a table"),
        (MINIMAL + "[accounts.K]", "accounts.K.exchange is missing"),
        (MINIMAL + "[accounts.K]\nexchange = 1", "accounts.K.exchange should be a text"),
        (MINIMAL + '[accounts.K]\nexchange = "kraken"\nsecret = "s"', "accounts.K.secret is not a setting"),
        (MINIMAL + '[accounts.K]\nexchange = "../x"', r"accounts.K.exchange: '\.\./x' is not an exchange"),
        (MINIMAL + '[accounts.""]\nexchange = "kraken"', "accounts: '' is not an account name"),
        (MINIMAL + '[accounts." a"]\nexchange = "kraken"', "no space at either end"),
        (MINIMAL + '[accounts."a\\u0007"]\nexchange = "kraken"', r"'a\\x07' is not an account name: it holds"),
        (MINIMAL + '[accounts."a\\u202eb"]\nexchange = "kraken"', "invisible control characters"),
        (MINIMAL + f'[accounts.{"a" * 101}]\nexchange = "kraken"', "1 to 100 characters"),
        (MINIMAL + 'lot_scope = "wallet"', "lot_scope: 'wallet' is none of"),
        (MINIMAL + 'method = "FIFO!"', "method: 'FIFO!' is not a method"),
        (MINIMAL + 'country = "us"', "is not valid TOML"),
        (MINIMAL + '[form_1099_da]\nK = "basis"', "form_1099_da.K should be a table"),
        (MINIMAL + '[form_1099_da.2024]\nK = "basis"', "form_1099_da: '2024' is not a tax year of Form 1099-DA"),
        (MINIMAL + '[form_1099_da.2025]\nK = "yes"', "form_1099_da.2025.K: 'yes' is none of no, proceeds, basis"),
        (MINIMAL + "[form_1099_da.2025]\nK = true", "form_1099_da.2025.K should be a text in quotes"),
        (MINIMAL + '[form_1099_da.2025]\n" K" = "no"', "form_1099_da.2025: ' K' is not an account name"),
        ('country = "us"', 'currency is missing: add a line such as currency = "USD"'),
        ("", "country is missing"),
        (MINIMAL.replace("USD", "usd"), "currency: 'usd' is not the code"),
        (MINIMAL.replace("USD", "BTC"), "currency: 'BTC' is not the code"),
        (MINIMAL.replace('"us"', '"../us"'), "country: '../us' is not a country code"),
        (MINIMAL.replace("America/New_York", "America/Newark"), "timezone: 'America/Newark' is not a time zone"),
        (MINIMAL.replace("America/New_York", "../../etc/localtime"), "is not a time zone"),
        (MINIMAL.replace("America/New_York", "America"), "timezone: 'America' is not a time zone"),
        (MINIMAL.replace("America/New_York", ""), "timezone: '' is not a time zone"),
        (MINIMAL.replace("America/New_York", "z" * 5000), "z{60}\\.\\.\\.' is not a time zone"),
        (MINIMAL.replace("America/New_York", "a\\u0000"), r"'a\\x00' is not a time zone"),
        ("country = us", "is not valid TOML"),
        ("x = " + "[" * 5000, "is nested too deeply"),
        ("x = " + "9" * 5000, "a value that can't be read"),
        (b"\xff\xfec\x00o\x00", "is not UTF-8"),
        (b"#" * (LIMIT + 1), "is larger than 256 kB"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=said):
        load(tmp_path)
    refusal(tmp_path)


def test_without_a_file_it_says_what_to_run(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("run `taxsync init` first")


def test_a_pipe_or_a_folder_in_its_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    assert "is not a file" in refusal(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    assert "can't be read" in refusal(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(US, country="US A"),
        replace(US, timezone="Mars/Base"),
        replace(US, name="Ada\nLovelace"),
        replace(US, accounts={"a\nb": AccountSettings("kraken")}),
        replace(US, accounts={"\ud800": AccountSettings("kraken")}),
    ],
)
def test_wrong_settings_are_not_saved(tmp_path: Path, wrong: Settings) -> None:
    save(tmp_path, US)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(SettingsError):
        save(tmp_path, wrong)
    assert (tmp_path / FILE).read_bytes() == before


def test_time_zones_of_every_country_are_taken() -> None:
    for name in ("Europe/London", "Europe/Vienna", "Asia/Tokyo", "Australia/Sydney", "UTC"):
        check(replace(US, timezone=name))


# ---- files ------------------------------------------------------------------------------------


def test_only_the_owner_may_read_and_git_never_sees(tmp_path: Path) -> None:
    folder, before = tmp_path / "clients" / "one", os.umask(0o022)
    try:
        save(folder, US)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert (folder / ".gitignore").read_text() == "*\n"
    assert open_to_others(folder, folder / FILE, folder / "none") == []


def test_a_folder_that_exists_is_closed_to_git_where_nothing_is_said_of_that_and_else_left_as_it_is(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    save(tmp_path, US)
    assert {path.name for path in tmp_path.iterdir()} == {FILE, ".gitignore"}
    (tmp_path / ".gitignore").write_text("own")
    save(tmp_path, US)
    assert (tmp_path / ".gitignore").read_text() == "own"
    assert open_to_others(tmp_path, tmp_path / FILE) == [tmp_path]


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    save(tmp_path, US)
    before = (tmp_path / FILE).read_bytes()
    resource = pytest.importorskip("resource")
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(SettingsError, match=r"can't be written: .*; nothing was changed"):
            save(tmp_path, replace(US, method="hifo"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / FILE).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {FILE, ".gitignore"}


def test_a_link_in_the_files_place_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious")
    (tmp_path / FILE).symlink_to("other")
    write_private(tmp_path / FILE, b"new")
    assert (tmp_path / "other").read_text() == "precious"
    assert read_bounded(tmp_path / FILE, 10) == b"new"


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(SettingsError, match="can't be written: "):
        save(tmp_path / "data", US)


# ---- the environment --------------------------------------------------------------------------


def test_the_data_folder_is_the_argument_then_the_environment_then_data() -> None:
    environ = {"TAXSYNC_DATA": "/home/me/tax"}
    assert data_folder(Path("x"), environ) == Path("x")
    assert data_folder(None, environ) == Path("/home/me/tax")
    assert data_folder(None, {}) == Path("data")
    assert data_folder(Path("x"), {"TAXSYNC_DATA": ""}) == Path("x")


def test_an_empty_environment_chooses_nothing() -> None:
    assert read_environment({}) == Environment("", None, "")
    assert read_environment({"TAXSYNC_PASSPHRASE": "", "TAXSYNC_PROXY_URL": ""}) == Environment()


def test_a_passphrase_prints_as_stars_and_is_not_pickled() -> None:
    environment = read_environment({"TAXSYNC_VAULT": "file", "TAXSYNC_PASSPHRASE": "correct horse"})
    passphrase = environment.passphrase
    assert isinstance(passphrase, Passphrase) and passphrase.reveal() == "correct horse"
    for shown in (repr(environment), str(passphrase), f"{passphrase}", f"{passphrase!r}"):
        assert "horse" not in shown and "****" in shown
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            copied(passphrase)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://proxy.example.org", "https://proxy.example.org/"),
        ("https://proxy.example.org:8443/relay", "https://proxy.example.org:8443/relay/"),
        ("https://proxy.example.org/?url=", "https://proxy.example.org/?url="),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://127.9.9.9/x/", "http://127.9.9.9/x/"),
        ("http://localhost:1", "http://localhost:1/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("HTTPS://proxy.example.org/", "HTTPS://proxy.example.org/"),
    ],
)
def test_a_proxy_over_https_or_on_this_machine_is_taken(url: str, taken: str) -> None:
    assert read_environment({"TAXSYNC_PROXY_URL": url}).proxy_url == taken


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example.org/",
        "http://localhost.example.org/",
        "http://127.0.0.1@proxy.example.org/",
        "http://127.0.0.1\\@proxy.example.org/",
        "http://127.0.0.1.example.org/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::1",
        "http://127.0.0.1:port/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "socks5://127.0.0.1/",
        "127.0.0.1:8080",
        "https://",
        "https://proxy.example.org/#",
        "https://proxy.example.org/\r\nX: y",
        " https://proxy.example.org/",
        "secret",
    ],
)
def test_any_other_proxy_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^TAXSYNC_PROXY_URL should be an https address") as refused:
        read_environment({"TAXSYNC_PROXY_URL": url})
    assert "\n" not in str(refused.value) and "example" not in str(refused.value)


def test_an_unknown_vault_is_refused() -> None:
    with pytest.raises(SettingsError, match="TAXSYNC_VAULT should be keyring or file"):
        read_environment({"TAXSYNC_VAULT": "plaintext"})
