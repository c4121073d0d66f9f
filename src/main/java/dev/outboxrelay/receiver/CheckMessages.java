package dev.outboxrelay.receiver;

import dev.outboxrelay.format.Formatter;
import dev.outboxrelay.format.Formatters;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The messages that a {@link Conformance} check sends: each with an id of its own. */
final class CheckMessages {

  private static final String SMALL = "{\"id\": 1, \"text\": \"check\"}";

  private final Formatter formatter;
  private long id;
  private long epoch = 1;

  CheckMessages(Format format) {
    this.formatter = Formatters.of(format);
  }

  List<Message> everyOperation() {
    return List.of(
        row("insert", null, SMALL),
        row("update", SMALL, SMALL),
        row("delete", SMALL, null),
        row("truncate", null, null),
        row("read", null, SMALL),
        row("message", null, "[\"published\"]"));
  }

  List<Message> many(int count) {
    List<Message> messages = new ArrayList<>(count);
    for (int each = 0; each < count; each++) {
      messages.add(row("insert", null, SMALL));
    }
    return messages;
  }

  Message unusualText() {
    return row(
        "insert",
        null,
        "{\"quote\":\"\\\"\",\"backslash\":\"\\\\\",\"line\\nbreak\":\"\\r\\n\",\"emoji\":\"😀\","
            + "\"number\":12345678901234567890.12345678901234567890,\"empty\":\"\",\"null\":null}");
  }

  Message large(int bytes) {
    return row("insert", null, "{\"text\":\"" + "x".repeat(bytes) + "\"}");
  }

  Message ofNextEpoch() {
    epoch++;
    return row("insert", null, SMALL);
  }

  /** A later version of the protocol may say more than a receiver knows. */
  Message unknownMember() {
    Message known = row("insert", null, SMALL);
    String body = new String(known.body(), StandardCharsets.UTF_8);
    if (!body.endsWith("}")) {
      return known;
    }
    return message(
        known.id(),
        known.stamp(),
        (body.substring(0, body.length() - 1) + ",\"not_known_yet\":{\"a\":[1]}}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private Message row(String op, @Nullable String oldRow, @Nullable String newRow) {
    id++;
    boolean published = op.equals("message");
    long createdAtMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    Change change =
        new Change(
            id,
            "check",
            op.equals("truncate") ? null : "k" + id % 7,
            op,
            published ? null : "outbox_check",
            published ? null : "check",
            "1",
            createdAtMicros,
            published ? "outbox_check" : null,
            utf8(oldRow),
            utf8(newRow),
            null,
            0,
            epoch);
    return message(id, WireId.stamp(createdAtMicros), formatter.format(change));
  }

  private static Message message(long id, long stamp, byte[] body) {
    return new Message(id, stamp, "check", null, false, false, false, 0, body, body.length, false);
  }

  private static byte @Nullable [] utf8(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }
}
