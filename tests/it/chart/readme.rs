//! The table of values in the chart's README is made from `values.yaml`. With `BLESS=1` it is written anew.
//!
//! A comment that begins with `--` tells of the key below it, and of everything below that which has no such comment of its own.

use std::fs;

use super::tools::chart;

const BEGIN: &str = "<!-- values: begin -->\n";
const END: &str = "<!-- values: end -->";

/// A key with what is said of it.
struct Told {
    path: String,
    default: String,
    words: String,
}

/// What `values.yaml` tells, and the keys with a value that nobody tells of.
fn read(values: &str) -> (Vec<Told>, Vec<String>) {
    let (mut told, mut silent) = (Vec::<Told>::new(), Vec::new());
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut words: Option<String> = None;
    let mut covered: Option<usize> = None;
    for line in values.lines() {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(comment) = text.strip_prefix('#') {
            let comment = comment.trim();
            match (comment.strip_prefix("-- "), words.as_mut()) {
                (Some(first), _) => words = Some(first.to_owned()),
                (None, Some(words)) => *words = format!("{words} {comment}"),
                (None, None) => {}
            }
            continue;
        }
        if words.is_none() && covered.is_some_and(|least| depth > least) {
            continue;
        }
        let Some((key, value)) = text.split_once(':').filter(|_| !text.starts_with('-')) else { continue };
        above.retain(|(least, _)| *least < depth);
        above.push((depth, key.to_owned()));
        let path = above.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(".");
        covered = None;
        match words.take() {
            Some(words) => {
                covered = Some(depth);
                told.push(Told { path, default: value.trim().to_owned(), words });
            }
            None if !value.trim().is_empty() => silent.push(path),
            None => {}
        }
    }
    (told, silent)
}

/// A line of the table; a default of several lines is left to the file.
fn row(Told { path, default, words }: &Told) -> String {
    let default = if default.is_empty() { "see values.yaml".to_owned() } else { format!("`{default}`") };
    format!("| `{path}` | {default} | {} |\n", words.replace('|', "\\|"))
}

fn table(values: &str) -> String {
    let (told, silent) = read(values);
    assert!(silent.is_empty(), "values.yaml says nothing of {silent:?}");
    let rows: String = told.iter().map(row).collect();
    format!("| value | default | what it is |\n|---|---|---|\n{rows}")
}

#[test]
fn the_readme_tells_of_every_value_what_the_values_file_tells() {
    let now = table(&fs::read_to_string(chart().join("values.yaml")).unwrap());
    let path = chart().join("README.md");
    let mut page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let told = format!("{before}{BEGIN}{now}{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &told).unwrap();
        page.clone_from(&told);
    }
    assert!(page == told, "helm/settlement-gateway/README.md does not tell what values.yaml does: BLESS=1 writes it anew");
}

#[test]
fn what_is_told_of_a_key_covers_those_below_it_alone() {
    let (told, silent) = read(
        "# -- One.\n# And more.\na:\n  b: 1\nc:\n  # -- Two.\n  d: []\n  # plain\n  e: x\n# -- Three.\nf:\n  # -- Four.\n  g: {}\n",
    );
    let rows: String = told.iter().map(row).collect();
    assert_eq!(
        rows,
        "| `a` | see values.yaml | One. And more. |\n| `c.d` | `[]` | Two. |\n| `f` | see values.yaml | Three. |\n| `f.g` | `{}` | Four. |\n"
    );
    assert_eq!(silent, ["c.e"]);
}
