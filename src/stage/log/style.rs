//! How text is drawn: the part of SGR ("select graphic rendition", ECMA-48 8.3.117) that a log keeps.

use std::fmt::{self, Display, Formatter};

use vte::Params;

/// The colours and weight of text. Blinking and concealed text is not kept: the one hinders, the other hides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    foreground: Option<Colour>,
    background: Option<Colour>,
    /// A bit for each of the effects 1 to 9.
    effects: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    /// The parameter itself: 30 to 37 and 90 to 97, for a background 10 more.
    Named(u16),
    Indexed(u16),
    Rgb(u16, u16, u16),
}

/// Bold, faint, italic, underlined, inverse, crossed out.
const EFFECTS: [u16; 6] = [1, 2, 3, 4, 7, 9];

impl Style {
    /// Text as it is drawn without any sequence.
    pub const PLAIN: Style = Style {
        foreground: None,
        background: None,
        effects: 0,
    };

    /// The style after a sequence with these parameters.
    #[must_use]
    pub fn after(mut self, params: &Params) -> Style {
        if params.is_empty() {
            return Style::PLAIN;
        }
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let number = param.first().copied().unwrap_or(0);
            match number {
                0 => self = Style::PLAIN,
                4 if param.get(1) == Some(&0) => self.unset(&[4]),
                21 | 22 => self.unset(&[1, 2]),
                23 | 24 | 27 | 29 => self.unset(&[number - 20]),
                30..=37 | 90..=97 => self.foreground = Some(Colour::Named(number)),
                40..=47 | 100..=107 => self.background = Some(Colour::Named(number)),
                38 => self.foreground = extended(param, &mut params).or(self.foreground),
                48 => self.background = extended(param, &mut params).or(self.background),
                39 => self.foreground = None,
                49 => self.background = None,
                effect if EFFECTS.contains(&effect) => self.effects |= 1 << effect,
                _ => {}
            }
        }
        self
    }

    fn unset(&mut self, effects: &[u16]) {
        for effect in effects {
            self.effects &= !(1 << effect);
        }
    }
}

/// `38;5;N`, `38;2;R;G;B`, and the same with `:`, where a colour space may stand before the red.
fn extended<'a>(own: &[u16], rest: &mut impl Iterator<Item = &'a [u16]>) -> Option<Colour> {
    let (kind, values): (u16, Vec<u16>) = match own {
        [_] => {
            let mut next = || rest.next().and_then(|param| param.first().copied());
            let kind = next()?;
            let count = if kind == 2 { 3 } else { 1 };
            (kind, (0..count).filter_map(|_| next()).collect())
        }
        [_, 2, values @ ..] => (2, values.iter().rev().take(3).rev().copied().collect()),
        [_, kind, values @ ..] => (*kind, values.to_vec()),
        [] => return None,
    };
    match (kind, values.as_slice()) {
        (5, [index, ..]) if *index < 256 => Some(Colour::Indexed(*index)),
        (2, [red, green, blue]) if values.iter().all(|value| *value < 256) => {
            Some(Colour::Rgb(*red, *green, *blue))
        }
        _ => None,
    }
}

/// The sequence that draws in this style, whatever was before it.
impl Display for Style {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("\u{1b}[0")?;
        for effect in EFFECTS {
            if self.effects & (1 << effect) != 0 {
                write!(f, ";{effect}")?;
            }
        }
        for (colour, lead) in [(self.foreground, 38), (self.background, 48)] {
            match colour {
                None => {}
                Some(Colour::Named(number)) => write!(f, ";{number}")?,
                Some(Colour::Indexed(index)) => write!(f, ";{lead};5;{index}")?,
                Some(Colour::Rgb(red, green, blue)) => {
                    write!(f, ";{lead};2;{red};{green};{blue}")?;
                }
            }
        }
        f.write_str("m")
    }
}
