// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.values.Message;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One destination's records; what is sent and answered is the dispatch's. */
final class KafkaLane implements Lane {
  private final KafkaRecords records;
  private final Dispatch dispatch;
  private final Nodes nodes;
  private final LaneEvents events;
  private final AtomicBoolean over = new AtomicBoolean();

  KafkaLane(KafkaRecords records, Dispatch dispatch, Nodes nodes, LaneEvents events) {
    this.records = records;
    this.dispatch = dispatch;
    this.nodes = nodes;
    this.events = events;
  }

  @Override
  public void publish(Message message) throws InterruptedException {
    dispatch.send(new Parcel(message, records.of(message), events, over, System.nanoTime(), 1));
  }

  @Override
  public @Nullable String obstacle() {
    return nodes.words();
  }

  @Override
  public void close() {
    over.set(true);
  }
}
