//! What can be done with a stack in a state (CloudFormation, "Stack status codes").

/// What can be done with a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was never made: only a change set for it was.
    Announced,
    /// It is as somebody wanted it.
    Ready,
    /// Something goes on.
    Busy,
    /// It was never there as a whole, and what there was of it is gone. It can only be deleted.
    Vain,
    /// It is gone.
    Gone,
    /// Somebody must help first; what to do.
    Stuck(&'static str),
}

impl State {
    pub(super) fn of(status: &str) -> State {
        match status {
            "REVIEW_IN_PROGRESS" => State::Announced,
            // A creation that failed and was rolled back; an update that was is `UPDATE_ROLLBACK_COMPLETE`.
            "ROLLBACK_COMPLETE" => State::Vain,
            "DELETE_COMPLETE" => State::Gone,
            "UPDATE_ROLLBACK_FAILED" => State::Stuck(
                "its rollback failed: repair the cause, then `aws cloudformation continue-update-rollback`, then run it again",
            ),
            "ROLLBACK_FAILED" | "CREATE_FAILED" => State::Stuck(
                "it was never there as a whole: delete it, `aws cloudformation delete-stack`, and run it again",
            ),
            "UPDATE_FAILED" => State::Stuck(
                "an update failed and was not rolled back: `aws cloudformation rollback-stack`, then run it again",
            ),
            "DELETE_FAILED" => State::Stuck(
                "it could not be deleted: repair the cause, delete it, and run it again",
            ),
            "IMPORT_ROLLBACK_FAILED" => State::Stuck(
                "an import failed, and so did its rollback: repair the cause, delete it or import again, and run it again",
            ),
            status if status.ends_with("_IN_PROGRESS") => State::Busy,
            _ => State::Ready,
        }
    }
}

/// Whether a deployment that ended so has done what it should.
pub(super) fn is_good(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE")
}
