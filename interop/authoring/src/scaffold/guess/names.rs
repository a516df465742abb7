//! Names that devices commonly give their fields.

/// A property that names suggest.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    /// One of each of these words is in the name.
    pub(super) words: &'static [&'static [&'static str]],
    /// Units with the values that are usual in them, the commonest first.
    pub(super) units: &'static [(&'static str, &'static str, &'static str)],
    /// Whether what is usual is what is plausible, too.
    pub(super) has_limits: bool,
    pub(super) is_sure: bool,
}

type Units = &'static [(&'static str, &'static str, &'static str)];

const fn sure(
    name: &'static str,
    words: &'static [&'static [&'static str]],
    units: Units,
) -> Property {
    Property { name, words, units, has_limits: false, is_sure: true }
}

const fn limited(
    name: &'static str,
    words: &'static [&'static [&'static str]],
    units: Units,
) -> Property {
    Property { name, words, units, has_limits: true, is_sure: true }
}

const fn unsure(
    name: &'static str,
    words: &'static [&'static [&'static str]],
    units: Units,
) -> Property {
    Property { name, words, units, has_limits: false, is_sure: false }
}

const TEMPERATURE: &[&str] = &[
    "temp",
    "temperature",
    "tmp",
    "temperatur",
    "tempc",
    "tempf",
    "tc",
    "tf",
    "c",
    "degc",
    "celsius",
];
const CELSIUS: Units = &[("°C", "-40", "85"), ("°F", "-40", "185")];
const BATTERY: &[&str] = &["battery", "batt", "bat", "vbat", "batv", "batterie"];
const PERCENT: Units = &[("%", "0", "100")];

/// In this order: what is more special comes first.
pub(super) const PROPERTIES: &[Property] = &[
    limited("DewPoint", &[&["dew", "dewpoint"]], CELSIUS),
    limited("SoilTemperature", &[&["soil", "ground"], TEMPERATURE], CELSIUS),
    limited("WaterTemperature", &[&["water", "inlet", "outlet", "flow"], TEMPERATURE], CELSIUS),
    limited("SurfaceTemperature", &[&["surface"], TEMPERATURE], CELSIUS),
    limited("SetpointTemperature", &[&["setpoint", "target"], TEMPERATURE], CELSIUS),
    limited(
        "DeviceTemperature",
        &[&["device", "board", "chip", "cpu", "internal", "mcu"], TEMPERATURE],
        CELSIUS,
    ),
    limited(
        "AirTemperature",
        &[&["air", "ambient", "room", "outdoor", "indoor"], TEMPERATURE],
        CELSIUS,
    ),
    Property {
        name: "Temperature",
        words: &[TEMPERATURE],
        units: CELSIUS,
        has_limits: true,
        is_sure: false,
    },
    limited(
        "VolumetricWaterContent",
        &[&["soil", "vwc"], &["moisture", "humidity", "hum", "vwc"]],
        PERCENT,
    ),
    limited("RelativeHumidity", &[&["humidity", "hum", "rh", "humi"]], PERCENT),
    limited(
        "AirPressure",
        &[&["pressure", "press", "baro", "barometer", "pres"]],
        &[("hPa", "300", "1100"), ("Pa", "30000", "110000"), ("kPa", "30", "110")],
    ),
    sure("BatteryLevel", &[BATTERY, &["level", "percent", "pct", "soc", "percentage"]], PERCENT),
    sure(
        "BatteryVoltage",
        &[BATTERY, &["v", "mv", "volt", "volts", "voltage", "millivolts"]],
        &[("V", "1", "15"), ("mV", "1000", "15000")],
    ),
    sure(
        "BatteryVoltage",
        &[&["vbat", "batv", "vbatt"]],
        &[("V", "1", "15"), ("mV", "1000", "15000")],
    ),
    unsure("BatteryLevel", &[BATTERY], PERCENT),
    sure("PowerFactor", &[&["pf", "factor"]], &[("1", "-1", "1")]),
    sure("ApparentPower", &[&["apparent", "va", "aprt"]], &[("VA", "-100000", "100000")]),
    sure("ReactivePower", &[&["reactive", "var"]], &[("var", "-100000", "100000")]),
    sure(
        "ActiveEnergyImport",
        &[&["energy", "kwh", "wh"]],
        &[("kWh", "0", "1000000"), ("Wh", "0", "1000000000")],
    ),
    sure("ActivePower", &[&["power", "watt", "watts"]], &[("W", "-100000", "100000")]),
    sure(
        "Voltage",
        &[&["voltage", "volt", "volts"]],
        &[("V", "-1000", "1000"), ("mV", "-1000000", "1000000")],
    ),
    sure(
        "Current",
        &[&["current", "amp", "amps", "ampere"]],
        &[("A", "-1000", "1000"), ("mA", "-1000000", "1000000")],
    ),
    sure("Frequency", &[&["freq", "frequency"]], &[("Hz", "0", "1000")]),
    sure(
        "Illuminance",
        &[&["lux", "light", "illuminance", "luminosity", "illumination"]],
        &[("lx", "0", "200000")],
    ),
    limited("CarbonDioxide", &[&["co2", "eco2", "carbondioxide"]], &[("ppm", "0", "10000")]),
    sure("SoundLevel", &[&["noise", "sound", "spl"]], &[("dB", "0", "140")]),
    limited("Latitude", &[&["lat", "latitude"]], &[("°", "-90", "90")]),
    limited("Longitude", &[&["lon", "lng", "long", "longitude"]], &[("°", "-180", "180")]),
    sure("Altitude", &[&["alt", "altitude", "elevation"]], &[("m", "-500", "10000")]),
    sure("WindSpeed", &[&["wind"], &["speed"]], &[("m/s", "0", "90")]),
    sure("WindDirection", &[&["wind"], &["direction", "dir"]], &[("°", "0", "360")]),
    sure("Speed", &[&["speed", "velocity"]], &[("km/h", "0", "300"), ("m/s", "0", "100")]),
    sure("Precipitation", &[&["rain", "precipitation", "rainfall"]], &[("mm", "0", "1000")]),
    sure("VolumeFlow", &[&["flow", "flowrate"]], &[("m³/h", "0", "1000"), ("l/h", "0", "1000000")]),
    unsure(
        "WaterVolume",
        &[&["volume", "consumption", "water", "index", "m3", "liters", "litres"]],
        &[("m³", "0", "1000000"), ("l", "0", "1000000000")],
    ),
    sure(
        "OpenCount",
        &[&["open", "opened", "door"], &["times", "count"]],
        &[("#", "0", "1000000000")],
    ),
    unsure("Duration", &[&["duration"]], &[("s", "0", "100000000"), ("min", "0", "1000000")]),
    unsure(
        "Acceleration",
        &[&["accel", "acceleration", "acc"]],
        &[("m/s²", "-200", "200"), ("g", "-20", "20")],
    ),
    sure("Distance", &[&["distance", "dist"]], &[("m", "0", "100"), ("mm", "0", "100000")]),
    limited("VolumetricWaterContent", &[&["moisture"]], PERCENT),
];

/// Words of names that are units.
pub(super) const UNITS: &[(&str, &str)] = &[
    ("c", "°C"),
    ("degc", "°C"),
    ("celsius", "°C"),
    ("tempc", "°C"),
    ("tc", "°C"),
    ("f", "°F"),
    ("degf", "°F"),
    ("fahrenheit", "°F"),
    ("tempf", "°F"),
    ("tf", "°F"),
    ("pct", "%"),
    ("percent", "%"),
    ("rh", "%"),
    ("lpm", "l/min"),
    ("hpa", "hPa"),
    ("mbar", "mbar"),
    ("kpa", "kPa"),
    ("pa", "Pa"),
    ("bar", "bar"),
    ("mv", "mV"),
    ("millivolts", "mV"),
    ("v", "V"),
    ("ma", "mA"),
    ("a", "A"),
    ("kw", "kW"),
    ("w", "W"),
    ("kwh", "kWh"),
    ("wh", "Wh"),
    ("hz", "Hz"),
    ("lux", "lx"),
    ("lx", "lx"),
    ("ppm", "ppm"),
    ("km", "km"),
    ("cm", "cm"),
    ("mm", "mm"),
    ("m", "m"),
    ("m3", "m³"),
    ("m3h", "m³/h"),
    ("l", "l"),
    ("liters", "l"),
    ("litres", "l"),
    ("lph", "l/h"),
    ("kmh", "km/h"),
    ("ms", "m/s"),
    ("db", "dB"),
    ("g", "g"),
    ("s", "s"),
    ("sec", "s"),
    ("min", "min"),
];

/// What others rarely need, and why.
pub(super) const IGNORED: &[(&[&str], &str)] = &[
    (&["rssi", "snr", "lqi", "rsrp", "rsrq", "sinr", "csq", "signal"], "radio diagnostics"),
    (&["seq", "counter", "fcnt", "sequence", "msgid", "nr", "frame"], "number of the message"),
    (&["uptime", "heap", "loopcount", "reset", "resets"], "diagnostics of the firmware"),
    (&["fport", "port", "protocol"], "part of the transport"),
];
