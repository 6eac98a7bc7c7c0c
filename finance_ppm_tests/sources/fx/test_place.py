"""What ``PPM_FX_RATES`` may name, and reading a file of this machine."""

from pathlib import Path

import pytest

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.sources.fx.errors import FxError
from finance_ppm.sources.fx.place import Web, place_of, shown
from finance_ppm.sources.fx.reader import rates_reader
from finance_ppm_tests.sources.fx.test_files import HIST_ZIP, HISTORY, XML

ECB = "https://www.ecb.europa.eu/stats/eurofxref"


def test_an_empty_setting_is_the_european_central_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPM_FX_RATES", "  ")
    place = place_of(Config.from_env(None).ppm_fx_rates)
    assert isinstance(place, Web)
    assert place.is_folder
    assert place.file("eurofxref-hist.zip") == f"{ECB}/eurofxref-hist.zip"


@pytest.mark.parametrize("word", ["none", "None", " NONE "])
def test_the_word_none_turns_reading_off(word: str) -> None:
    assert place_of(word) is None
    assert rates_reader(Config(ppm_fx_rates=word)) is None


def test_an_address_is_a_folder_unless_it_names_a_file() -> None:
    assert place_of(f"{ECB}/") == Web(f"{ECB}/", is_folder=True)
    for file in ("rates.csv", "eurofxref-hist.ZIP", "eurofxref-daily.xml?sig=abc"):
        assert place_of(f"{ECB}/{file}") == Web(f"{ECB}/{file}", is_folder=False)


def test_the_files_of_a_folder_keep_its_query() -> None:
    place = Web("https://store.example/fx/?sig=a%2Fb", is_folder=True)
    assert place.file("eurofxref-hist.zip") == "https://store.example/fx/eurofxref-hist.zip?sig=a%2Fb"


def test_neither_login_nor_query_is_shown() -> None:
    assert shown("https://ann:pa@ss@store.example:8080/fx/rates.csv?sig=secret#x") == (
        "https://store.example:8080/fx/rates.csv"
    )


@pytest.mark.parametrize("address", ["ftp://example.com/rates.csv", "abfss://lake@account/rates.csv"])
def test_other_addresses_are_told(address: str) -> None:
    with pytest.raises(SettingsError, match=r"PPM_FX_RATES begins with \w+://, and exchange rates are read over http"):
        place_of(address)


@pytest.mark.parametrize("address", ["http://", "https:///fx", "http://[::1/fx", "http://host:port/", "http://h:99999"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(SettingsError, match="PPM_FX_RATES begins as an address and is none"):
        place_of(address)


@pytest.mark.parametrize("content", [HISTORY.encode(), HIST_ZIP, XML.encode()], ids=["csv", "zip", "xml"])
def test_a_file_of_this_machine_is_read_whole_and_known_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "our rates.csv").write_bytes(content)
    reader = rates_reader(Config(ppm_fx_rates=str(tmp_path / "our rates.csv")))
    assert reader is not None
    with reader:
        assert reader.history() == reader.newest_day()
        assert reader.history().source == "our rates.csv"
        assert reader.history().content.newest is not None
    assert reader.requests == 0
    assert reader.folder is None


def test_of_a_folder_of_this_machine_the_history_is_read(tmp_path: Path) -> None:
    (tmp_path / "eurofxref-hist.zip").write_bytes(HIST_ZIP)
    reader = rates_reader(Config(ppm_fx_rates=str(tmp_path)))
    assert reader is not None
    assert reader.history().source == "eurofxref-hist.zip"


def test_a_file_that_is_not_there_is_told_with_its_path(tmp_path: Path) -> None:
    reader = rates_reader(Config(ppm_fx_rates=str(tmp_path / "rates.csv")))
    assert reader is not None
    with pytest.raises(FxError, match=r"names .*/rates\.csv, which cannot be read \(No such file") as raised:
        reader.history()
    assert not raised.value.retryable
