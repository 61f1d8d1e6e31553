"""Sensors and meters against drawn trees of the system's files, and energy against areas known by hand."""

import math
import time

import pytest

from radlib.deployment.bench.energy import measured_energy, with_meter_table
from radlib.deployment.bench.meter_tables import read_meter_table
from radlib.deployment.bench.power_meters import JOULES, WATTS, power_meter, why_no_meter
from radlib.deployment.bench.sensors import clock_mhz, device_model, governor, temperature_c
from radlib.deployment.bench.watching import joules_between, watching
from radlib.foundation.errors import DataError


def tree(folder, **files):
    """Write small files as the system shows them, by their place with `__` for a slash."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return folder


def test_the_warmest_plausible_zone_and_the_median_clock(tmp_path):
    assert temperature_c(tmp_path) is None and clock_mhz(tmp_path) is None and governor(tmp_path) == ""
    tree(tmp_path, class__thermal__thermal_zone0__temp=48312, class__thermal__thermal_zone1__temp=61250)
    tree(tmp_path, class__thermal__thermal_zone2__temp=-274000, class__thermal__thermal_zone3__temp="no data")
    assert temperature_c(tmp_path) == 61.25
    for number, clock in enumerate((600000, 1500000, 1800000)):
        tree(tmp_path, **{f"devices__system__cpu__cpu{number}__cpufreq__scaling_cur_freq": clock})
    tree(tmp_path, devices__system__cpu__cpu0__cpufreq__scaling_governor="ondemand")
    tree(tmp_path, devices__system__cpu__cpu0__cpufreq__cpuinfo_max_freq=2000000)
    assert clock_mhz(tmp_path) == 1500 and clock_mhz(tmp_path, "cpuinfo_max_freq") == 2000
    assert governor(tmp_path) == "ondemand"


def test_a_board_says_what_it_is(tmp_path):
    assert device_model(tmp_path) == ""
    place = tmp_path / "proc" / "device-tree" / "model"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    assert device_model(tmp_path) == "Raspberry Pi 4 Model B Rev 1.4"


INA219 = {"class__hwmon__hwmon3__name": "ina219", "class__hwmon__hwmon3__power1_input": 2_350_000}
INA3221 = {
    "class__hwmon__hwmon1__name": "ina3221",
    **{f"class__hwmon__hwmon1__in{n}_input": 5000 for n in (1, 2, 3)},
    **{f"class__hwmon__hwmon1__curr{n}_input": milliamperes for n, milliamperes in ((1, 900), (2, 300), (3, 200))},
}  # fmt: skip
JETSON = {
    **INA3221,
    "class__hwmon__hwmon1__in1_label": "VDD_IN",
    "class__hwmon__hwmon1__in2_label": "VDD_SOC",
}
RAPL = {
    "class__powercap__intel-rapl:0__name": "package-0", "class__powercap__intel-rapl:0__energy_uj": 5_000_000,
    "class__powercap__intel-rapl:0__max_energy_range_uj": 262_143_328_850, "class__powercap__intel-rapl:0:0__name": "core",
    "class__powercap__intel-rapl:0:0__energy_uj": 1,
}  # fmt: skip
IIO = {
    "bus__iio__devices__iio:device0__name": "ina226", "bus__iio__devices__iio:device0__in_power2_raw": 118,
    "bus__iio__devices__iio:device0__in_power2_scale": "20.000000",
}  # fmt: skip
GRAPHICS = {"class__hwmon__hwmon0__name": "amdgpu", "class__hwmon__hwmon0__power1_average": 31_000_000}


@pytest.mark.parametrize("files, name, gives, value", [
    (INA219, "ina219 (hwmon)", WATTS, 2.35),
    (INA3221, "ina3221 (hwmon)", WATTS, 7.0),
    (JETSON, "ina3221 (hwmon, VDD_IN)", WATTS, 4.5),
    (IIO, "ina226 (iio)", WATTS, 2.36),
    (RAPL, "processor package alone (powercap)", JOULES, 5.0),
    ({**GRAPHICS, **RAPL, **INA219}, "ina219 (hwmon)", WATTS, 2.35),
    ({**GRAPHICS, **RAPL}, "amdgpu (hwmon)", WATTS, 31.0),
], ids=["INA219", "INA3221", "INA3221 of a Jetson", "industrial", "counter", "the supply first", "a part first"])  # fmt: skip
def test_each_meter_is_read_in_its_own_unit(tmp_path, files, name, gives, value):
    meter = power_meter(tree(tmp_path, **files))
    assert (meter.name, meter.gives) == (name, gives) and meter.read() == pytest.approx(value)


def test_a_meter_that_refuses_is_none_and_it_is_said_why(tmp_path):
    assert power_meter(tmp_path) is None and "no meter is readable" in why_no_meter(tmp_path)
    tree(tmp_path, **{"class__powercap__intel-rapl:0__name": "package-0"})
    (tmp_path / "class/powercap/intel-rapl:0/energy_uj").mkdir()  # a file that nobody may read, also for root
    assert power_meter(tmp_path) is None and "only root" in why_no_meter(tmp_path)


def test_watching_reads_until_the_block_ends(tmp_path):
    tree(tmp_path, **INA219, class__thermal__thermal_zone0__temp=50000)
    begun = time.time()
    with watching(tmp_path) as watched:
        while not watched.power:
            time.sleep(0.001)
        tree(tmp_path, class__thermal__thermal_zone0__temp=55000)
    assert watched.temperatures_c[0] == 50 and watched.temperatures_c[-1] == 55
    assert [watts for _, watts in watched.power] == [2.35] * len(watched.power) and len(watched.power) >= 2
    assert begun <= watched.power[0][0] <= watched.power[-1][0] <= time.time()


def test_joules_are_the_area_under_the_watts():
    steps = [(0, 2.0), (10, 2.0), (20, 6.0), (30, 6.0)]
    assert joules_between(steps, 0, 30) == 20 + 40 + 60
    assert joules_between(steps, 5, 15) == pytest.approx(5 * 2 + 5 * 3)  # cut within two lines
    assert joules_between([(0, 3.0), (100, 3.0)], 40, 41) == pytest.approx(3)
    assert joules_between(steps, -1, 10) is None and joules_between(steps, 10, 31) is None
    assert joules_between([], 0, 1) is None and joules_between(steps, 10, 10) is None


def test_a_counter_that_wraps_goes_on():
    counter = [(0, 90.0), (10, 98.0), (20, 6.0), (30, 14.0)]  # 8 joules every ten seconds, of 100
    assert joules_between(counter, 0, 30, JOULES, 100.0) == pytest.approx(24)
    assert joules_between(counter, 15, 25, JOULES, 100.0) == pytest.approx(8)


REST, WORK = {"begun": 100.0, "ended": 110.0}, {"begun": 120.0, "ended": 130.0, "calls": 500}


def test_a_film_costs_what_the_work_took_and_apart_what_it_took_above_rest():
    readings = [(95.0, 2.0), (115.0, 2.0), (115.1, 5.0), (140.0, 5.0)]
    found = measured_energy(readings, REST, WORK, "ina219")
    assert found["kind"] == "measured" and found["meter"] == "ina219" and found["calls"] == 500
    assert found["joules_per_call"] == pytest.approx(5 * 10 / 500)
    assert found["joules_per_call_above_rest"] == pytest.approx(3 * 10 / 500)
    assert (found["rest_watts"], found["watts"]) == (pytest.approx(2), pytest.approx(5))
    assert measured_energy(readings[:2], REST, WORK, "ina219") is None


def lines(powers, first=95, separator=",", heading="time,watts", moment=str):
    rows = [separator.join((moment(first + second), f"{watts:g}")) for second, watts in enumerate(powers)]
    return "\n".join([heading, *rows]) + "\n"


def results(**more):
    return {"variant": {}, "energy": {"kind": "estimate"}, "windows": {"rest": REST, "work": WORK}, **more}


POWERS = [2.0] * 21 + [5.0] * 20  # a line each second from 95 on: 2 W up to second 115, 5 W from second 116


@pytest.mark.parametrize("text", [
    lines(POWERS),
    lines(POWERS, separator=";", heading="Time;Power [W]".replace(" [W]", "")),
    lines(POWERS, separator="\t", heading="timestamp\tpower_w"),
    lines(POWERS, moment=lambda s: f"1970-01-01T00:0{s // 60}:{s % 60:02d}Z"),
    lines(POWERS, moment=lambda s: f"1970-01-01 01:0{s // 60}:{s % 60:02d}+01:00"),
    "\ufeff" + lines(POWERS).replace("\n", "\r\n"),
], ids=["plain", "semicolons", "tabs", "ISO", "another zone", "Windows"])  # fmt: skip
def test_a_meters_table_gives_the_same_joules_however_it_is_written(tmp_path, text):
    (tmp_path / "meter.csv").write_text(text, encoding="utf-8", newline="")
    found = with_meter_table(results(), tmp_path / "meter.csv")["energy"]
    assert found["kind"] == "measured" and found["joules_per_call"] == pytest.approx(0.1)
    assert found["joules_per_call_above_rest"] == pytest.approx(0.06)


def test_the_original_gets_its_own_joules_from_the_same_table(tmp_path):
    (tmp_path / "meter.csv").write_text(lines(POWERS))
    windows = {"rest": REST, "work": WORK, "against": {"begun": 121.0, "ended": 131.0, "calls": 100}}
    new = with_meter_table(results(windows=windows, against={"label": "original"}), tmp_path / "meter.csv")
    assert new["against"]["energy"]["joules_per_call"] == pytest.approx(0.5)
    assert new["against"]["label"] == "original"


@pytest.mark.parametrize("text, said", [
    (lines(POWERS[:20]), "was read from 1970-01-01 00:01:35 to 1970-01-01 00:01:54 UTC"),
    (lines([*POWERS[:28]]) + "140,5\n", "no line for"),
    (lines(POWERS, heading="time,volts"), "no column watts"),
    (lines(POWERS, heading="volts,watts"), "no column time"),
    (lines(POWERS) + "136,much\n", "Line 43 of meter.csv"),
    (lines(POWERS) + "136,nan\n", "Line 43 of meter.csv"),
    ("time,watts\n", "no line below its heading"),
    ("", "no column time"),
], ids=["too short", "a gap", "no watts", "no time", "a word", "not a number", "empty", "nothing"])  # fmt: skip
def test_a_table_that_does_not_tell_is_refused_in_one_sentence(tmp_path, text, said):
    (tmp_path / "meter.csv").write_text(text)
    with pytest.raises(DataError, match=said) as refused:
        with_meter_table(results(), tmp_path / "meter.csv")
    assert str(refused.value).count(". ") == 0 and str(tmp_path) not in str(refused.value)


def test_lines_out_of_order_are_put_in_order(tmp_path):
    (tmp_path / "meter.csv").write_text("time,watts,volts\n3,1,5\n1,2,5\n\n")
    assert read_meter_table(tmp_path / "meter.csv") == [(1, 2), (3, 1)]
    assert all(math.isfinite(value) for pair in read_meter_table(tmp_path / "meter.csv") for value in pair)
