// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.JsonWriter.literal;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.WireId;

/**
 * The format 'change': one flat object, described in docs/reference/protocol.md. The order of the
 * members is part of the format: {@code id} comes first, so that a receiver can find it without
 * parsing.
 */
final class ChangeFormatter implements Formatter {

  private static final byte[] ID = literal("{\"id\":\"");
  private static final byte[] EPOCH = literal("\",\"epoch\":");
  private static final byte[] ATTEMPT = literal(",\"attempt\":");
  private static final byte[] OP = literal(",\"op\":");
  private static final byte[] TYPE = literal(",\"type\":");
  private static final byte[] SCHEMA = literal(",\"schema\":");
  private static final byte[] TABLE = literal(",\"table\":");
  private static final byte[] KEY = literal(",\"key\":");
  private static final byte[] TX = literal(",\"tx\":");
  private static final byte[] AT = literal(",\"at\":");
  private static final byte[] HEADERS = literal(",\"headers\":");
  private static final byte[] OLD = literal(",\"old\":");
  private static final byte[] NEW = literal(",\"new\":");

  @Override
  public byte[] format(Change change) {
    JsonWriter out = JsonWriter.sizedFor(change);
    out.raw(ID).wireId(change.id(), WireId.stamp(change.createdAtMicros()));
    out.raw(EPOCH).number(change.epoch());
    out.raw(ATTEMPT).number(change.attempts() + 1L);
    out.raw(OP).string(change.op());
    if (change.type() != null) {
      out.raw(TYPE).string(change.type());
    }
    if (change.schema() != null) {
      out.raw(SCHEMA).string(change.schema());
    }
    if (change.table() != null) {
      out.raw(TABLE).string(change.table());
    }
    out.raw(KEY).stringOrNull(change.key());
    out.raw(TX).string(change.xid());
    out.raw(AT).timestamp(change.createdAtMicros());
    if (change.headers() != null) {
      out.raw(HEADERS).stored(change.headers());
    }
    if (change.oldRow() != null) {
      out.raw(OLD).stored(change.oldRow());
    }
    if (change.newRow() != null) {
      out.raw(NEW).stored(change.newRow());
    }
    return out.raw('}').toBytes();
  }
}
