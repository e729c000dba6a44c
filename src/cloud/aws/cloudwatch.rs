//! Metrics of CloudWatch.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricDatum, StandardUnit, StateValue};
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

/// An alarm as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its ARN.
    pub arn: String,
    /// How it is.
    pub state: AlarmState,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// Since when, in seconds since 1970.
    pub since: Option<i64>,
}

/// How an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It went off.
    Alarm,
    /// CloudWatch has too few values to tell.
    Unknown,
}

/// The alarms among these names, at most a hundred, that are there, of metrics and composite ones.
pub fn alarms(aws: &Aws, names: &[&str]) -> Result<Vec<Alarm>, Failure> {
    let client = Client::new(aws.config());
    let ask = client
        .describe_alarms()
        .set_alarm_names(Some(names.iter().map(|name| (*name).to_owned()).collect()))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(100);
    let answer = runtime::wait(async {
        let answer = ask.send().await;
        answer.map_err(|error| Failure::of("cloudwatch:DescribeAlarms", error))
    })?;
    let of_metrics = answer.metric_alarms().iter().map(|alarm| Alarm {
        arn: alarm.alarm_arn().unwrap_or_default().to_owned(),
        state: state(alarm.state_value()),
        reason: alarm.state_reason().unwrap_or_default().to_owned(),
        since: alarm.state_updated_timestamp().map(DateTime::secs),
    });
    let composite = answer.composite_alarms().iter().map(|alarm| Alarm {
        arn: alarm.alarm_arn().unwrap_or_default().to_owned(),
        state: state(alarm.state_value()),
        reason: alarm.state_reason().unwrap_or_default().to_owned(),
        since: alarm.state_updated_timestamp().map(DateTime::secs),
    });
    Ok(of_metrics.chain(composite).collect())
}

fn state(value: Option<&StateValue>) -> AlarmState {
    match value {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        _ => AlarmState::Unknown,
    }
}
