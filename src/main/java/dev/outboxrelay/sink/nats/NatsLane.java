// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.BinaryEvent;
import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.sink.tcp.Defect;
import dev.outboxrelay.sink.tcp.Printable;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One destination's subject: each message is a request, which the stream answers. */
final class NatsLane implements Lane {
  private static final Logger LOG = LoggerFactory.getLogger(NatsLane.class);
  private static final int MAX_WORDS = 200;

  /** The stream takes no more for now: it is full, or the servers are not ready. */
  private static final int UNAVAILABLE = 503;

  private final Connection connection;
  private final NatsSubject subject;
  private final boolean binary;
  private final Duration patience;
  private final LaneEvents events;

  NatsLane(
      Connection connection,
      NatsSubject subject,
      boolean binary,
      Destination destination,
      LaneEvents events) {
    this.connection = connection;
    this.subject = subject;
    this.binary = binary;
    // Longer than anybody waits for the answer.
    this.patience = destination.ackTimeout();
    this.events = events;
  }

  @Override
  public void publish(Message message) throws IOException {
    String to = subject.of(message);
    Headers headers = new Headers();
    headers.put("Nats-Msg-Id", message.wireId().toString());
    Label label = message.label();
    byte[] body = message.body();
    if (binary) {
      BinaryEvent event = BinaryEvent.of(body);
      event.headers("ce-").forEach((name, value) -> headers.put(name, value));
      body = event.data();
    } else if (label != null) {
      describe(headers, message, label);
    }
    long bytes = (long) headers.serializedLength() + body.length;
    if (bytes > connection.getMaxPayload()) {
      throw new IllegalArgumentException(
          "the message has "
              + bytes
              + " bytes, the server takes at most "
              + connection.getMaxPayload()
              + " (max_payload)");
    }
    try {
      connection
          .requestWithTimeout(to, headers, body, patience)
          // What escaped would be nobody's: the lane would wait for the answer.
          .whenComplete(
              (reply, problem) ->
                  Defect.guard(() -> answer(message, to, reply, problem), events::broken));
    } catch (IllegalStateException e) {
      throw new IOException("the client takes no more: " + e.getMessage(), e);
    }
  }

  private static void describe(Headers headers, Message message, Label label) {
    headers.put("id", message.wireId().toString());
    headers.put("epoch", Long.toString(label.epoch()));
    headers.put("op", label.op());
    headers.put("tx", label.tx());
    put(headers, "schema", label.schema());
    put(headers, "table", label.table());
    put(headers, "key", label.key());
    put(headers, "type", label.type());
  }

  private static void put(Headers headers, String name, @Nullable String value) {
    if (value != null) {
      headers.put(name, BinaryEvent.encoded(value));
    }
  }

  /** On the library's thread. */
  private void answer(
      Message message,
      String to,
      io.nats.client.@Nullable Message reply,
      @Nullable Throwable problem) {
    if (problem instanceof JetStreamStatusException) {
      refuse(message, "no stream takes messages for the subject '" + shown(to) + "'");
      return;
    }
    if (problem != null || reply == null) {
      return; // the connection has ended, which is told otherwise, or it takes too long
    }
    try {
      PublishAck stored = new PublishAck(reply);
      LOG.trace("{} stored as {}", message.wireId(), stored.getSeqno());
      events.answered(new Answer.Acked(message.id(), message.stamp()));
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() > 0) {
        judge(message, e);
      } else {
        refuse(message, notAStream(to));
      }
    } catch (IOException | RuntimeException e) {
      refuse(message, notAStream(to));
    }
  }

  private static String notAStream(String to) {
    return "who answers for '" + shown(to) + "' is not a stream of JetStream";
  }

  private void judge(Message message, JetStreamApiException e) {
    String words = "the stream says: " + shown(String.valueOf(e.getMessage()));
    if (e.getErrorCode() == UNAVAILABLE || FullStream.says(e.getApiErrorCode())) {
      events.answered(new Answer.Deferred(message.id(), message.stamp(), words, null));
    } else {
      refuse(message, words);
    }
  }

  private void refuse(Message message, String words) {
    events.answered(new Answer.Nacked(message.id(), message.stamp(), words, true, null));
  }

  private static String shown(String words) {
    return Printable.text(words, MAX_WORDS);
  }

  @Override
  public void close() {}
}
