//! The body of a policy.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::blocks as codes;
use crate::source::Span;
use crate::syntax::ast::{Body, BodyItem};
use crate::types::check::Checker;

impl<'p> Checker<'p> {
    /// The body of a policy: `let`, `for`, `if` and `assert`.
    pub(super) fn policy_body(&mut self, body: &'p Body) {
        self.with_locals(Vec::new(), |checker| {
            for item in &body.items {
                match item {
                    BodyItem::Let(item) => checker.bind_let(item),
                    BodyItem::Assert(assert) => checker.assert(assert),
                    BodyItem::For(item) => {
                        let binding = &item.binding;
                        let pair = binding.second.is_some();
                        let (first, second, _) = checker.iterated(&binding.iterable, pair, true);
                        checker.bound(binding, first, second, |checker| {
                            checker.policy_body(&item.body);
                        });
                    }
                    BodyItem::If(item) => {
                        checker.shape_condition(&item.condition);
                        checker.assuming(&item.condition, true, |checker| {
                            checker.policy_body(&item.then);
                        });
                        if let Some(otherwise) = &item.otherwise {
                            checker.assuming(&item.condition, false, |checker| {
                                checker.policy_body(otherwise);
                            });
                        }
                    }
                    BodyItem::Field(field) => {
                        checker.not_in_policy(field.name.span, field.span, "field")
                    }
                    BodyItem::Block(block) => {
                        checker.not_in_policy(block.kind.span, block.span, "block")
                    }
                    BodyItem::Error(_) => {}
                }
            }
        });
    }

    fn not_in_policy(&mut self, place: Span, span: Span, what: &str) {
        let diagnostic = Diagnostic::error(
            &codes::POLICY,
            place,
            format!("a policy changes nothing, it cannot have a {what}"),
        )
        .label("not possible here")
        .help("a policy holds `assert`, `let`, `for` and `if`");
        self.error(span, diagnostic);
    }
}
