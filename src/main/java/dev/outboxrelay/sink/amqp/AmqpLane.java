// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Return;
import com.rabbitmq.client.ShutdownSignalException;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.sink.tcp.Defect;
import dev.outboxrelay.sink.tcp.Printable;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One destination's channel, with confirms. What no queue takes comes back before it is confirmed,
 * and is refused.
 */
final class AmqpLane implements Lane {
  private static final int PERSISTENT = 2;
  private static final int MAX_WORDS = 200;

  private final Channel channel;
  private final AmqpOptions options;
  private final AtomicReference<@Nullable String> blocked;
  private final LaneEvents events;

  /** By the number that the channel gives each, until it is confirmed. */
  private final NavigableMap<Long, Message> published = new ConcurrentSkipListMap<>();

  /** What has come back, by the message's id, until it is confirmed. */
  private final Map<String, String> returned = new ConcurrentHashMap<>();

  AmqpLane(
      Channel channel,
      AmqpOptions options,
      AtomicReference<@Nullable String> blocked,
      LaneEvents events) {
    this.channel = channel;
    this.options = options;
    this.blocked = blocked;
    this.events = events;
    // The library would log what escapes, and go on: the lane would wait for what it has missed.
    channel.addReturnListener(unrouted -> guarded(() -> cameBack(unrouted)));
    channel.addConfirmListener(
        (number, upTo) -> guarded(() -> confirmed(number, upTo, this::taken)),
        (number, upTo) -> guarded(() -> confirmed(number, upTo, this::later)));
    channel.addShutdownListener(why -> guarded(() -> ended(why)));
  }

  /** How many messages have come back and are not yet confirmed. */
  int returned() {
    return returned.size();
  }

  private void guarded(Runnable work) {
    Defect.guard(work, events::broken);
  }

  @Override
  public void publish(Message message) throws IOException {
    String why = obstacle();
    if (why != null) {
      events.answered(new Answer.Deferred(message.id(), message.stamp(), why, null));
      return;
    }
    String routingKey = options.routingKey().fill(message, value -> value);
    int bytes = routingKey.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > AmqpOptions.MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "its routing key has " + bytes + " bytes, at most 255 can be sent");
    }
    published.put(channel.getNextPublishSeqNo(), message);
    try {
      channel.basicPublish(
          options.exchange(), routingKey, true, properties(message), message.body());
    } catch (AlreadyClosedException e) {
      throw new IOException(Closing.words(e), e);
    }
  }

  private static BasicProperties properties(Message message) {
    Map<String, Object> headers = new HashMap<>();
    String id = message.wireId().toString();
    headers.put("id", id);
    Label label = message.label();
    if (label != null) {
      headers.put("epoch", label.epoch());
      headers.put("op", label.op());
      headers.put("tx", label.tx());
      put(headers, "schema", label.schema());
      put(headers, "table", label.table());
      put(headers, "key", label.key());
      put(headers, "type", label.type());
    }
    return new BasicProperties.Builder()
        .messageId(id)
        .contentType("application/json")
        .deliveryMode(PERSISTENT)
        .headers(headers)
        .build();
  }

  private static void put(Map<String, Object> headers, String name, @Nullable String value) {
    if (value != null) {
      headers.put(name, value);
    }
  }

  // On the library's thread. ----------------------------------------------------------------------

  /** A message that is not under way cannot come back: a broker cannot fill the relay's memory. */
  private void cameBack(Return unrouted) {
    String id = String.valueOf(unrouted.getProperties().getMessageId());
    if (published.values().stream().noneMatch(each -> each.wireId().toString().equals(id))) {
      return;
    }
    returned.put(
        id,
        "no queue takes it: "
            + Printable.text(unrouted.getReplyText(), MAX_WORDS)
            + " (exchange '"
            + Printable.text(unrouted.getExchange(), MAX_WORDS)
            + "', routing key '"
            + Printable.text(unrouted.getRoutingKey(), MAX_WORDS)
            + "')");
  }

  private void confirmed(long number, boolean upTo, Function<Message, Answer> answers) {
    NavigableMap<Long, Message> meant =
        upTo ? published.headMap(number, true) : published.subMap(number, true, number, true);
    for (Map.Entry<Long, Message> each : meant.entrySet()) {
      published.remove(each.getKey());
      events.answered(answers.apply(each.getValue()));
    }
  }

  private Answer taken(Message message) {
    String why = returned.remove(message.wireId().toString());
    return why == null
        ? new Answer.Acked(message.id(), message.stamp())
        : new Answer.Nacked(message.id(), message.stamp(), why, true, null);
  }

  /** What a queue does that is full and drops nothing, or whose node fails just now. */
  private Answer later(Message message) {
    returned.remove(message.wireId().toString());
    return new Answer.Deferred(
        message.id(),
        message.stamp(),
        "the broker does not take the message: a queue is full, or fails",
        null);
  }

  /** The connection's own end is told by the connection. */
  private void ended(ShutdownSignalException why) {
    if (!why.isHardError() && !why.isInitiatedByApplication()) {
      events.ended(Closing.words(why), Fault.LOST);
    }
  }

  @Override
  public @Nullable String obstacle() {
    String why = blocked.get();
    return why == null ? null : "the broker blocks publishers: " + Printable.text(why, MAX_WORDS);
  }

  @Override
  public void close() {
    try {
      channel.abort();
    } catch (IOException | ShutdownSignalException e) {
      // It has ended already.
      published.clear();
    }
  }
}
