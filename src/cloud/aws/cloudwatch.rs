//! Metrics of CloudWatch.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_smithy_types::DateTime;

use crate::cloud::aws::{Aws, Failure, runtime};

/// A call takes a thousand values; this leaves room below its megabyte.
const AT_ONCE: usize = 500;

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is told apart by.
    pub dimensions: Vec<(&'static str, String)>,
    /// Seconds; else a count.
    pub is_time: bool,
    /// How many.
    pub value: f64,
}

/// Writes values of one moment.
pub fn put(aws: &Aws, namespace: &str, second: i64, metrics: &[Metric]) -> Result<(), Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        for some in metrics.chunks(AT_ONCE) {
            let data = some.iter().map(|metric| datum(metric, second)).collect();
            let put = client.put_metric_data().namespace(namespace);
            let answer = put.set_metric_data(Some(data)).send().await;
            answer.map_err(|error| Failure::of("cloudwatch:PutMetricData", error))?;
        }
        Ok(())
    })
}

fn datum(metric: &Metric, second: i64) -> MetricDatum {
    let dimensions = metric.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| {
        let dimension = Dimension::builder().name(*name).value(value.as_str());
        dimension.build()
    });
    MetricDatum::builder()
        .metric_name(metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .timestamp(DateTime::from_secs(second))
        .unit(match metric.is_time {
            true => StandardUnit::Seconds,
            false => StandardUnit::Count,
        })
        .value(metric.value)
        .build()
}
