//! The result, as a table that a document can take over.

use super::measure::Row;

/// Prints a table. Ratios are the median turn's, with the lowest and the highest.
pub(super) fn print(title: &str, rows: &[Row]) {
    println!("\n{title}; ratios to \"{}\" with {} caller(s)\n", rows[0].name, rows[0].callers);
    println!("| what | callers | a second | p50 us | p99 us | ratio (lowest to highest) |");
    println!("|---|---:|---:|---:|---:|---:|");
    for Row { name, callers, per_second, p50, p99, permille: [lowest, median, highest] } in rows {
        let (p50, p99) = (p50.as_micros(), p99.as_micros());
        let ratios = format!("{} ({} to {})", decimal(*median), decimal(*lowest), decimal(*highest));
        println!("| {name} | {callers} | {per_second} | {p50} | {p99} | {ratios} |");
    }
}

fn decimal(permille: u64) -> String {
    format!("{}.{:03}", permille / 1_000, permille % 1_000)
}
