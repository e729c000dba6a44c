//! Where a symbolic link leads.

use std::collections::VecDeque;

use super::Name;

/// How many links a path may go through: what Linux follows. One that goes through more leads nowhere.
const MOST: usize = 40;

/// Whether following a link leads out of the root, at any moment of the way. `read` gives what another path below the root
/// points at, where it is a link. A target that does not exist, or a circle, leads nowhere and so not out.
pub fn leads_out(link: &Name, target: &Name, read: &dyn Fn(&Name) -> Option<Name>) -> bool {
    let mut here: Vec<Vec<u8>> = link.parts().map(<[u8]>::to_vec).collect();
    here.pop();
    let mut ahead: VecDeque<Vec<u8>> = target.parts().map(<[u8]>::to_vec).collect();
    if target.bytes().starts_with(b"/") {
        return true;
    }
    let mut followed = 0;
    while let Some(part) = ahead.pop_front() {
        match part.as_slice() {
            b"" | b"." => {}
            b".." => {
                if here.pop().is_none() {
                    return true;
                }
            }
            _ => {
                here.push(part);
                let Some(next) = read(&Name::new(here.join(&b'/'))) else {
                    continue;
                };
                followed += 1;
                if followed > MOST {
                    return false;
                }
                if next.bytes().starts_with(b"/") {
                    return true;
                }
                here.pop();
                let mut parts: VecDeque<_> = next.parts().map(<[u8]>::to_vec).collect();
                parts.append(&mut ahead);
                ahead = parts;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(link: &str, target: &str, others: &[(&str, &str)]) -> bool {
        let read = |path: &Name| {
            let found = others
                .iter()
                .find(|(name, _)| name.as_bytes() == path.bytes());
            found.map(|(_, target)| Name::new(*target))
        };
        leads_out(&Name::new(link), &Name::new(target), &read)
    }

    #[test]
    fn links_inside_stay_inside() {
        assert!(!out("a", "b", &[]));
        assert!(!out("a", ".", &[]));
        assert!(!out("a/b/c", "../..", &[]));
        assert!(!out("a/b/c", "..//.././x/", &[]));
        assert!(!out("a", "a", &[("a", "a")]), "a circle leads nowhere");
        assert!(!out("bin/x", "../lib/x", &[("lib", "share/lib")]));
    }

    #[test]
    fn links_out_are_seen() {
        assert!(out("a", "/", &[]));
        assert!(out("a", "/etc/passwd", &[]));
        assert!(out("a", "..", &[]));
        assert!(out("a", "b/../../c", &[]));
        assert!(out("a/b/c", "../../..", &[]));
        assert!(out("a", "b/../x", &[("b", "c/d/../../..")]));
    }

    #[test]
    fn a_link_through_another_is_followed() {
        // Read as text, `x/y/b/..` is `x/y`; followed, it is the folder above the root.
        assert!(!out("x/y/c", "b/..", &[]));
        assert!(out("x/y/c", "b/..", &[("x/y/b", "../..")]));
        assert!(out("a", "b/passwd", &[("b", "c"), ("c", "/etc")]));
    }
}
