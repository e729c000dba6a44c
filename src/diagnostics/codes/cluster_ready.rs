//! A0985 to A0989: whether a run goes on, and whether a cluster is ready for a pipeline and for who asks.

codes! {
    OVERTAKEN "A0985" "a newer run goes first";
    NOT_APPLIED "A0986" "a pipeline is not in the cluster";
    REFERENCING "A0987" "the cluster ends runs whose template changes";
    NOT_READY "A0988" "what a pipeline needs is not there";
    UNKNOWN "A0989" "the cluster does not know who asks";
}
