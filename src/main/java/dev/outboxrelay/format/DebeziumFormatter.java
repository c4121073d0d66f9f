// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.JsonWriter.literal;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.WireId;
import java.util.Base64;

/**
 * The format 'debezium': the envelope of Debezium's PostgreSQL connector without its schemas.
 * {@code source} has three members more, {@code id}, {@code epoch} and {@code attempt}, by which a
 * receiver acknowledges; what only the replication stream knows ({@code lsn}) is null.
 */
final class DebeziumFormatter implements Formatter {

  private static final byte[] BEFORE = literal("{\"before\":");
  private static final byte[] AFTER = literal(",\"after\":");
  private static final byte[] SOURCE =
      literal(",\"source\":{\"version\":\"outbox-relay\",\"connector\":\"postgresql\",\"name\":");
  private static final byte[] TS_MS = literal(",\"ts_ms\":");
  private static final byte[] TS_US = literal(",\"ts_us\":");
  private static final byte[] SNAPSHOT = literal(",\"snapshot\":\"");
  private static final byte[] SCHEMA = literal("\",\"db\":\"\",\"sequence\":null,\"schema\":");
  private static final byte[] TABLE = literal(",\"table\":");
  private static final byte[] TX = literal(",\"txId\":");
  private static final byte[] ID = literal(",\"lsn\":null,\"xmin\":null,\"id\":\"");
  private static final byte[] EPOCH = literal("\",\"epoch\":");
  private static final byte[] ATTEMPT = literal(",\"attempt\":");
  private static final byte[] OP = literal("},\"transaction\":null,\"op\":\"");
  private static final byte[] MESSAGE = literal(",\"message\":{\"prefix\":");
  private static final byte[] CONTENT = literal(",\"content\":\"");
  private static final byte[] MESSAGE_END = literal("\"}");

  @Override
  public byte[] format(Change change) {
    boolean published = change.op().equals("message");
    long millis = Math.floorDiv(change.createdAtMicros(), 1_000L);
    JsonWriter out = JsonWriter.sizedFor(change);
    out.raw(BEFORE).storedOrNull(change.oldRow());
    out.raw(AFTER).storedOrNull(published ? null : change.newRow());
    out.raw(SOURCE).string(change.destination());
    out.raw(TS_MS).number(millis);
    out.raw(TS_US).number(change.createdAtMicros());
    out.raw(SNAPSHOT).stringBody(change.op().equals("read") ? "true" : "false");
    out.raw(SCHEMA).string(change.schema() == null ? "" : change.schema());
    out.raw(TABLE).string(change.table() == null ? "" : change.table());
    out.raw(TX).stringBody(change.xid());
    out.raw(ID).wireId(change.id(), WireId.stamp(change.createdAtMicros()));
    out.raw(EPOCH).number(change.epoch());
    out.raw(ATTEMPT).number(change.attempts() + 1L);
    out.raw(OP).stringBody(op(change.op())).raw('"');
    out.raw(TS_MS).number(millis);
    if (published) {
      // As Debezium shows pg_logical_emit_message: a name, and bytes in base64.
      byte[] content = change.newRow() == null ? new byte[0] : change.newRow();
      out.raw(MESSAGE).string(change.type() == null ? "" : change.type());
      out.raw(CONTENT).raw(Base64.getEncoder().encode(content)).raw(MESSAGE_END);
    }
    return out.raw('}').toBytes();
  }

  private static String op(String op) {
    return switch (op) {
      case "insert" -> "c";
      case "update" -> "u";
      case "delete" -> "d";
      case "read" -> "r";
      case "truncate" -> "t";
      default -> "m";
    };
  }
}
