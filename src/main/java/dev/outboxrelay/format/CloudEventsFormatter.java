// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.JsonWriter.literal;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.WireId;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The format 'cloudevents': CloudEvents 1.0, structured JSON. For a captured row {@code data} holds
 * {@code old} and {@code new}; for a published message it is what was published. The key is both
 * {@code subject} and {@code partitionkey}.
 */
final class CloudEventsFormatter implements Formatter {

  private static final byte[] ID = literal("{\"specversion\":\"1.0\",\"id\":\"");
  private static final byte[] SOURCE = literal("\",\"source\":\"");
  private static final byte[] TYPE = literal("\",\"type\":");
  private static final byte[] SUBJECT = literal(",\"subject\":");
  private static final byte[] PARTITION_KEY = literal(",\"partitionkey\":");
  private static final byte[] TIME = literal(",\"time\":");
  private static final byte[] OP = literal(",\"op\":");
  private static final byte[] TX = literal(",\"tx\":");
  private static final byte[] EPOCH = literal(",\"epoch\":\"");
  private static final byte[] ATTEMPT = literal("\",\"attempt\":");
  private static final byte[] HEADERS = literal(",\"headers\":\"");
  private static final byte[] DATA = literal(",\"datacontenttype\":\"application/json\",\"data\":");
  private static final byte[] OLD = literal("{\"old\":");
  private static final byte[] NEW = literal(",\"new\":");

  @Override
  public byte[] format(Change change) {
    JsonWriter out = JsonWriter.sizedFor(change);
    out.raw(ID).wireId(change.id(), WireId.stamp(change.createdAtMicros()));
    out.raw(SOURCE).stringBody(source(change));
    out.raw(TYPE).string(type(change));
    // An attribute may not be empty.
    if (change.key() != null && !change.key().isEmpty()) {
      out.raw(SUBJECT).string(change.key());
      out.raw(PARTITION_KEY).string(change.key());
    }
    out.raw(TIME).timestamp(change.createdAtMicros());
    out.raw(OP).string(change.op());
    out.raw(TX).string(change.xid());
    // CloudEvents' integers have 32 bits.
    out.raw(EPOCH).number(change.epoch());
    out.raw(ATTEMPT).number(change.attempts() + 1L);
    if (change.headers() != null) {
      out.raw(HEADERS).storedAsString(change.headers()).raw('"');
    }
    out.raw(DATA);
    if (change.op().equals("message")) {
      out.storedOrNull(change.newRow());
    } else {
      out.raw(OLD).storedOrNull(change.oldRow());
      out.raw(NEW).storedOrNull(change.newRow()).raw('}');
    }
    return out.raw('}').toBytes();
  }

  /** A URI reference: the table for a captured row, the destination for a published message. */
  private static String source(Change change) {
    if (change.table() == null) {
      return "/" + uriPart(change.destination());
    }
    return "/" + uriPart(change.schema()) + "/" + uriPart(change.table());
  }

  private static String uriPart(@Nullable String name) {
    String text = name == null ? "" : name;
    for (int at = 0; at < text.length(); at++) {
      if (!isUnreserved(text.charAt(at))) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
      }
    }
    return text;
  }

  private static boolean isUnreserved(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '_'
        || c == '-'
        || c == '.';
  }

  private static String type(Change change) {
    if (change.type() != null && !change.type().isEmpty()) {
      return change.type();
    }
    return switch (change.op()) {
      case "insert" -> "dev.outboxrelay.insert";
      case "update" -> "dev.outboxrelay.update";
      case "delete" -> "dev.outboxrelay.delete";
      case "truncate" -> "dev.outboxrelay.truncate";
      case "read" -> "dev.outboxrelay.read";
      default -> "dev.outboxrelay.message";
    };
  }
}
