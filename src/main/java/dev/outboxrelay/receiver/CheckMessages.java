// SPDX-License-Identifier: Apache-2.0
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

  Message small() {
    return row("insert", null, SMALL);
  }

  Message unusualText() {
    return row(
        "insert",
        null,
        "{\"quote\":\"\\\"\",\"backslash\":\"\\\\\",\"line\\nbreak\":\"\\r\\n\",\"emoji\":\"😀\","
            + "\"number\":12345678901234567890.12345678901234567890,\"empty\":\"\",\"null\":null}");
  }

  /** A letter of each length in UTF-8, as itself and as an escape. */
  Message splittable() {
    return row(
        "insert",
        null,
        "{\"text\":\"\u00e9\u6f22\ud83d\ude00 \\u00e9\\u6f22\\ud83d\\ude00 \\n\\r\\t\\\"\\\\ \"}");
  }

  List<Message> keys() {
    return List.of(
        keyed(null),
        keyed(""),
        keyed(" "),
        keyed("[1, \"north\"]"),
        keyed("a\"b\\c\r\nd\te\u0001\u00e9\ud83d\ude00"),
        keyed("k".repeat(4_000)));
  }

  /** Characters at which somebody's library ends a line, and JSON does not mind. */
  Message lineSeparators() {
    return row(
        "insert",
        null,
        "{\"text\":\"a\u2028b\u2029c\u0085d\u007fe\ufefff\\u000bg\\fh\\u001ci\\rj\"}");
  }

  Message numbers() {
    return row(
        "insert",
        null,
        "{\"beyond 2^53\":9007199254740993,\"beyond 2^63\":9223372036854775808,\"long\":"
            + "7".repeat(400)
            + ",\"exact\":0.1000000000000000055511151231257827021181583404541015625,\"scale\":1.00,"
            + "\"exponent\":1E+2,\"small\":1e-300,\"minus zero\":-0}");
  }

  /** What a column of type json may hold, and a text of many programs may not. */
  Message escapes() {
    return row(
        "insert", null, "{\"nul\":\"a\\u0000b\",\"high\":\"\\ud800\",\"low\":\"\\udc00 x\"}");
  }

  Message nestedJson() {
    return row(
        "insert",
        null,
        "{ \"deep\" :\t"
            + "[".repeat(100)
            + "]".repeat(100)
            + " ,  \"twice\":1,\"twice\":2, \"\":{} }");
  }

  Message large(int bytes) {
    return row("insert", null, "{\"text\":\"" + "x".repeat(bytes) + "\"}");
  }

  Message ofNextEpoch() {
    epoch++;
    return row("insert", null, SMALL);
  }

  /** A later version of the protocol may say more than a receiver knows. */
  Message unknownMembers() {
    Message known = row("insert", null, SMALL);
    String body = new String(known.body(), StandardCharsets.UTF_8);
    if (!body.endsWith("}")) {
      return known;
    }
    String more =
        ",\"not_known_yet\":{\"id\":\"0\",\"a\":[1,{}]},\"nor_this\":null,\"or_that\":\"}\"}";
    return message(
        known.id(),
        known.stamp(),
        (body.substring(0, body.length() - 1) + more).getBytes(StandardCharsets.UTF_8));
  }

  private Message keyed(@Nullable String key) {
    return row("insert", key, null, SMALL);
  }

  private Message row(String op, @Nullable String oldRow, @Nullable String newRow) {
    return row(op, op.equals("truncate") ? null : "k" + (id + 1) % 7, oldRow, newRow);
  }

  private Message row(
      String op, @Nullable String key, @Nullable String oldRow, @Nullable String newRow) {
    id++;
    boolean published = op.equals("message");
    long createdAtMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    Change change =
        new Change(
            id,
            "check",
            key,
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
    return new Message(
        id, stamp, 1, "check", null, false, false, false, 0, body, body.length, false, null);
  }

  private static byte @Nullable [] utf8(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }
}
