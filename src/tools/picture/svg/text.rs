//! How much room a text takes in a font that nobody has seen yet.

use unicode_width::UnicodeWidthChar;

/// The width of a text in pixels, rather too much than too little, in a proportional font of `size` pixels.
pub fn width(text: &str, size: i32) -> i32 {
    let hundredths: i32 = text.chars().map(hundredths).fold(0, i32::saturating_add);
    hundredths.saturating_mul(size) / 100
}

/// As much of a text as has room.
pub fn cut(text: &str, size: i32, room: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut shown = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += hundredths(character);
        if used * size / 100 > room {
            break;
        }
        shown.push(character);
    }
    shown.truncate(shown.trim_end_matches([' ', ',', '·']).len());
    shown.push('…');
    shown
}

/// The width of a character in hundredths of the font's size.
fn hundredths(character: char) -> i32 {
    match character {
        'i' | 'j' | 'l' | '|' | '\'' | '.' | ',' | ':' | ';' | '!' | 'I' => 31,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | ' ' | '·' => 40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 92,
        'A'..='Z' | '&' | '#' => 72,
        character if character.is_ascii() => 60,
        character => match character.width().unwrap_or(0) {
            0 => 0,
            1 => 70,
            _ => 105,
        },
    }
}
