// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Message;
import java.util.List;
import java.util.Map;

/**
 * What one read found.
 *
 * @param messages those to be sent now, in the order of the read
 * @param more the read hit its limit: there may be more behind the last one
 * @param lastId the id of the last row seen, delayed ones included; 0 when there was none
 * @param nextDueMillis by destination, how long until the earliest delayed row that was seen is due
 */
public record Batch(
    List<Message> messages, boolean more, long lastId, Map<String, Long> nextDueMillis) {
  static final Batch NONE = new Batch(List.of(), false, 0, Map.of());
}
