// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A message that a checked relay sent, read.
 *
 * @param arrived as it came
 * @param members its members in their order, none with the format 'payload'
 * @param id a {@link dev.outboxrelay.values.WireId}, empty with the format 'payload'
 * @param gate what its order hangs on, empty where it has none
 */
record CheckedMessage(
    CheckEvent.Arrived arrived,
    Map<String, JsonNode> members,
    String id,
    long epoch,
    long attempt,
    String gate) {

  int connection() {
    return arrived.connection();
  }

  /** What must be the same when the message comes again. */
  Map<String, JsonNode> content() {
    Map<String, JsonNode> content = new LinkedHashMap<>(members);
    content.keySet().removeAll(Set.of("epoch", "attempt", "source"));
    return content;
  }
}
