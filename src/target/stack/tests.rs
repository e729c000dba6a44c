use crate::target::stack::role::divide;
use crate::target::stack::{Resource, Statement};

/// The longest lists go on beside the role; nothing is lost, and no part is longer than IAM takes.
#[test]
fn long_policies_are_divided() {
    let arns: Vec<Resource> = (0..400)
        .map(|number| {
            Resource::Literal(format!("arn:aws:iam::111122223333:role/deploy-{number:04}"))
        })
        .collect();
    let first = Statement::new("List", &["s3:ListBucket"], vec![Resource::Bucket]);
    let roles = Statement::new("Roles", &["sts:AssumeRole"], arns.clone());
    let policies = divide(vec![first.clone(), roles]);
    assert_eq!(policies.len(), 3);
    assert_eq!(policies[0][0], first);
    let there = policies.iter().flatten();
    let there: Vec<Resource> = there
        .filter(|statement| statement.sid == "Roles")
        .flat_map(|statement| statement.resources.clone())
        .collect();
    assert_eq!(there, arns);
    for (policy, limit) in policies.iter().zip([10_240, 6_144, 6_144]) {
        let sizes = policy
            .iter()
            .map(|statement| statement.to_json().to_string().len() + 1);
        let size: usize = sizes.sum();
        assert!(size + 40 <= limit, "{size}");
    }
    assert!(policies[1].iter().map(Statement::size).sum::<usize>() > 5_900);
}

/// What somebody wrote as an ARN is that one ARN.
#[test]
fn req_7_3_wildcards_in_what_somebody_wrote_mean_themselves() {
    let statement = Statement::new(
        "Roles",
        &["sts:AssumeRole"],
        vec![Resource::Literal(
            "arn:aws:iam::111122223333:role/a*b?$".to_owned(),
        )],
    );
    let json = statement.to_json();
    assert_eq!(
        json["Resource"][0],
        "arn:aws:iam::111122223333:role/a${*}b${?}${$}"
    );
}
