//! A0993 to A0999: clusters, and what a pipeline has in them.

codes! {
    BUSY "A0993" "somebody else is changing the pipeline";
    NO_CLUSTER "A0994" "there is no cluster that answers";
    DENIED "A0995" "the cluster does not allow what is asked";
    FAILED "A0996" "the cluster did not do what was asked";
    FOREIGN "A0997" "an object of the cluster belongs to somebody else";
    CONFLICT "A0998" "somebody else has changed an object of the pipeline";
    SUPERSEDED "A0999" "a run goes on as another one";
}
