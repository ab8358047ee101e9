//! Names of files.

/// A text as part of a file's name: what is no plain character is written as its bytes.
pub(super) fn plain(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        assert_eq!(plain("ent-1_A"), "ent-1_A");
        assert_eq!(plain("../é"), "%2E%2E%2F%C3%A9");
    }
}
