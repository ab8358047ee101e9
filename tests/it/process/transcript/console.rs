//! The commands of a page and the answers that it shows.

use std::path::Path;

/// A command of a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// The number of its first line, from 1.
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) answer: Vec<String>,
}

/// A page in its lines.
pub(super) struct Page {
    lines: Vec<String>,
    blessed: Vec<(usize, String)>,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        Self::of(&std::fs::read_to_string(path).unwrap())
    }

    fn of(text: &str) -> Self {
        Self { lines: text.lines().map(str::to_owned).collect(), blessed: Vec::new() }
    }

    /// The commands in all blocks of consoles, in their order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let (mut steps, mut in_console): (Vec<Step>, _) = (Vec::new(), false);
        for (index, line) in self.lines.iter().enumerate() {
            if line.starts_with("```") {
                in_console = line == "```console";
            } else if let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) {
                steps.push(Step { line: index + 1, command: command.to_owned(), answer: Vec::new() });
            } else if let Some(step) = steps.last_mut().filter(|_| in_console) {
                if step.answer.is_empty() && goes_on(&step.command) {
                    step.command = format!("{}\n{line}", step.command);
                } else {
                    step.answer.push(line.clone());
                }
            }
        }
        steps
    }

    /// Puts another answer to the command of a line, when the page is written.
    pub(super) fn bless(&mut self, line: usize, answer: &str) {
        self.blessed.push((line, answer.to_owned()));
    }

    /// Writes the page with the answers that were put in.
    pub(super) fn write(&self, path: &Path) {
        std::fs::write(path, self.text()).unwrap();
    }

    fn text(&self) -> String {
        let mut lines = self.lines.clone();
        for (line, answer) in self.blessed.iter().rev() {
            let step = self.steps().into_iter().find(|step| step.line == *line).unwrap();
            let from = line - 1 + step.command.lines().count();
            lines.splice(from..from + step.answer.len(), answer.lines().map(str::to_owned));
        }
        lines.join("\n") + "\n"
    }
}

/// Whether a shell would wait for more of a command.
fn goes_on(command: &str) -> bool {
    command.ends_with('\\') || command.matches('\'').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Words\n```console\n$ one 'a\n  b' \\\n  c\nanswer\nmore\n$ two\n```\n$ no command\n```sh\n$ none either\n```\n";

    #[test]
    fn a_command_may_have_many_lines_and_no_answer() {
        let steps = Page::of(TEXT).steps();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].line, steps[0].command.as_str()), (3, "one 'a\n  b' \\\n  c"));
        assert_eq!(steps[0].answer, ["answer", "more"]);
        assert_eq!(steps[1], Step { line: 8, command: "two".to_owned(), answer: Vec::new() });
    }

    #[test]
    fn other_answers_take_the_places_of_those_that_were_shown() {
        let mut page = Page::of(TEXT);
        page.bless(3, "other");
        page.bless(8, "some");
        assert_eq!(page.text(), TEXT.replace("answer\nmore\n$ two\n", "other\n$ two\nsome\n"));
    }
}
