use super::*;

fn lines(told: &mut Told<'_>, text: &str) -> Vec<String> {
    let read = text.lines().filter_map(|line| told.read(line));
    read.map(|news| match news {
        News::Line(line) => line,
        News::Begins(index) => format!("begins {index}"),
        News::Ends { index, unchanged } => format!("ends {index} {unchanged}"),
    })
    .collect()
}

/// As the CLI 2.1148 writes it, of two stacks.
const TEXT: &str = "
✨  Synthesis time: 0.01s

Network
Network: deploying... [1/2]
Network: creating CloudFormation changeset...
Network |  0/3 | 6:49:15 PM | CREATE_IN_PROGRESS   | AWS::CloudFormation::Stack | Network User Initiated
Network |  0/3 | 11:59:58 PM | CREATE_IN_PROGRESS   | AWS::SNS::Topic | Network/Topic/Resource (TopicBFC7AF6E)
Network |  0/3 | 11:59:59 PM | CREATE_IN_PROGRESS   | AWS::SNS::Topic | Network/Topic/Resource (TopicBFC7AF6E) Resource creation Initiated
Network |  0/3 | 6:49:15 PM | CREATE_IN_PROGRESS   | AWS::CDK::Metadata | Network/CDKMetadata/Default (CDKMetadata)
0/3 Currently in progress: TopicBFC7AF6E
Network |  1/3 | 12:01:08 AM | CREATE_COMPLETE      | AWS::SNS::Topic | Network/Topic/Resource (TopicBFC7AF6E)
Network |  3/3 | 6:49:20 PM | CREATE_COMPLETE      | AWS::CloudFormation::Stack | Network

 ✅  Network

✨  Deployment time: 5.07s

Outputs:
Network.TopicArn = arn:aws:sns:us-east-1:111122223333:topic
of two lines | 1/2 | x
Stack ARN:
arn:aws:cloudformation:us-east-1:111122223333:stack/Network/1
shop-api: success: Published Code (111122223333-us-east-1)
Prod/Api (shop-api)
Prod/Api (shop-api): deploying... [2/2]
⚠️ something that matters
shop-api | 0/2 | 18:49:25 | UPDATE_IN_PROGRESS | AWS::SQS::Queue | Queue
shop-api | 0/2 | 18:49:25 | UPDATE_FAILED | AWS::SQS::Queue | Queue no | such (x) thing
shop-api-Inner-1 | 0/2 | 18:49:25 | CREATE_FAILED | AWS::S3::Bucket | Bucket taken
shop-api | 0/2 | 18:49:26 | UPDATE_ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | shop-api The following resource(s) failed to update: [Queue].
shop-api | 0/2 | 18:49:27 | DELETE_SKIPPED | AWS::SNS::Topic | Topic
shop-api | 0/2 | 18:49:27 | UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS | AWS::CloudFormation::Stack | shop-api
shop-api | 0/2 | 18:49:28 | UPDATE_ROLLBACK_COMPLETE | AWS::CloudFormation::Stack | shop-api

Failed resources:
shop-api | 6:49:25 PM | UPDATE_FAILED | AWS::SQS::Queue | Queue no such thing
❌  shop-api failed to deploy
";

#[test]
fn req_13_2_events_are_folded_into_a_line_for_each_thing_that_happens() {
    let mut told = Told::new(vec![("Network", "Network"), ("Prod/Api", "shop-api")]);
    assert_eq!(
        lines(&mut told, TEXT),
        [
            "begins 0",
            "begins 0",
            "    creating TopicBFC7AF6E (AWS::SNS::Topic)",
            "    goes on: TopicBFC7AF6E",
            "    created TopicBFC7AF6E (AWS::SNS::Topic) after 1 min 10 s",
            "ends 0 false",
            "    published Code (111122223333-us-east-1)",
            "begins 1",
            "begins 1",
            "    ⚠️ something that matters",
            "    updating Queue (AWS::SQS::Queue)",
            "    failed to update Queue (AWS::SQS::Queue) after less than 1 s: no | such (x) thing",
            "    failed to create Bucket (AWS::S3::Bucket) in shop-api-Inner-1: taken",
            "    rolling back: The following resource(s) failed to update: [Queue].",
            "    kept Topic (AWS::SNS::Topic)",
            "    rolled back",
            "  ❌  shop-api failed to deploy",
        ]
    );
}

#[test]
fn a_stack_alone_and_one_without_changes() {
    let mut told = Told::new(vec![("Network", "Network")]);
    let text = "Network\nNetwork: start: Building Network Template\nNetwork: start: Building Code\nNetwork: success: Published Network Template (1)\nNetwork: success: Published Code (111122223333-us-east-1)\nOther: start: Building Code\n  deeper\nNetwork: deploying...\n ✅  Network (no changes)\n ✅  Other";
    assert_eq!(
        lines(&mut told, text),
        [
            "    Network",
            "    building Code",
            "    published Code (111122223333-us-east-1)",
            "    Other: start: Building Code",
            "      deeper",
            "begins 0",
            "ends 0 true",
            "     ✅  Other"
        ]
    );
}

/// An emulator, or CloudFormation within one second.
#[test]
fn an_end_that_comes_before_its_beginning_is_the_last_word() {
    let mut told = Told::new(vec![("A", "A")]);
    let text = "A | 0/3 | 7:10:30 PM | CREATE_COMPLETE | AWS::SNS::Topic | T
A | 0/3 | 7:10:30 PM | CREATE_IN_PROGRESS | AWS::SNS::Topic | T
A | 0/3 | 7:10:30 PM | ROLLBACK_COMPLETE | AWS::CloudFormation::Stack | A Rollback complete
A | 0/3 | 7:10:30 PM | DELETE_IN_PROGRESS | AWS::SNS::Topic | T
A | 0/3 | 7:10:30 PM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | A Rollback requested
A | 0/3 | 7:10:31 PM | CREATE_IN_PROGRESS | AWS::SNS::Topic | T";
    let expected = [
        "    created T (AWS::SNS::Topic)",
        "    rolled back",
        "    deleting T (AWS::SNS::Topic)",
        "    creating T (AWS::SNS::Topic)",
    ];
    assert_eq!(lines(&mut told, text), expected);
}

#[test]
fn nothing_that_is_not_understood_is_lost() {
    let mut told = Told::new(vec![("A", "A"), ("B", "B")]);
    for text in [
        "a | b",
        "a | 1/2 | now | FINE | x | y",
        "a | 1/2 | 1:2:3 | CREATE_COMPLETE | no kind | y",
        "C: creating CloudFormation changeset...",
        "AB",
        "A (C)",
        "12 | 3",
    ] {
        assert_eq!(lines(&mut told, text), [format!("    {text}")]);
    }
    // An ARN that does not come does not hide what does.
    assert_eq!(
        lines(&mut told, "Outputs:\nA.X = 1\nB\n ✅  B"),
        ["begins 1", "ends 1 false"]
    );
}
