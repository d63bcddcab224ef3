//! sea-streamer-redis, load-balanced consumer group, batches of 100, rolling commit (its advice for at-least-once).
//! REDIS_URL and N; the stream `ev` is filled by bench.

use sea_streamer_redis::{AutoCommit, AutoStreamReset, RedisConnectOptions, RedisConsumerOptions, RedisStreamer};
use sea_streamer_types::{
    Buffer, Consumer, ConsumerGroup, ConsumerMode, ConsumerOptions, Message, StreamKey, Streamer,
};
use std::time::Instant;

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let count: usize = std::env::var("N")?.parse()?;
    let mut connect = RedisConnectOptions::default();
    connect.set_message_field("data");
    let streamer = RedisStreamer::connect(std::env::var("REDIS_URL")?.parse()?, connect).await?;
    let mut options = RedisConsumerOptions::new(ConsumerMode::LoadBalanced);
    options.set_consumer_group(ConsumerGroup::new("g"))?;
    options.set_auto_stream_reset(AutoStreamReset::Earliest);
    options.set_auto_commit(AutoCommit::Rolling);
    options.set_batch_size(100);
    let consumer = streamer.create_consumer(&[StreamKey::new("ev")?], options).await?;
    let started = Instant::now();
    for _ in 0..count {
        let message = consumer.next().await?;
        std::hint::black_box(serde_json::from_slice::<serde_json::Value>(message.message().as_bytes())?);
        consumer.ack(&message)?;
    }
    // before the end, which in some runs takes ten seconds: that would be the figure of a shutdown
    let took = started.elapsed();
    consumer.end().await?;
    println!("RESULT {count} {}", took.as_secs_f64());
    Ok(())
}
