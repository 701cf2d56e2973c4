//! The machine that measures.

use std::fs;

use serde_json::{Value, json};

/// Cores, processor, memory, kernel, and how busy it is with other things.
pub fn facts() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let memory_kb: u64 = field(&read("/proc/meminfo"), "MemTotal").split(' ').next().and_then(|kb| kb.parse().ok()).unwrap_or(0);
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "memory_mib": memory_kb / 1_024,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_1min": read("/proc/loadavg").split(' ').next().and_then(|load| load.parse::<f64>().ok()),
    })
}

/// Processor time of this program so far, all threads: Linux counts it in hundredths of a second.
pub fn cpu_ms() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold spaces.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace()).into_iter().flatten();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// Processor time of everything on this machine so far, all cores.
pub fn all_cpu_ms() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    // cpu user nice system idle iowait irq softirq …
    let ticks: Vec<u64> = stat.lines().next().unwrap_or_default().split_whitespace().filter_map(|ticks| ticks.parse().ok()).collect();
    ticks.iter().enumerate().filter(|(index, _)| [0, 1, 2, 5, 6].contains(index)).map(|(_, ticks)| ticks).sum::<u64>() * 10
}
