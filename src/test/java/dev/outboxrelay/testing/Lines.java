// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.receiver.LineConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** What a receiver got, as JSON, in order. */
public final class Lines implements LineConsumer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<JsonNode> lines = new ArrayList<>();

  @Override
  public synchronized void line(byte[] line) {
    try {
      lines.add(JSON.readTree(line));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public synchronized List<JsonNode> all() {
    return List.copyOf(lines);
  }

  public synchronized int count() {
    return lines.size();
  }

  /** A field of the new rows, in order. */
  public List<String> values(String column) {
    return all().stream().map(l -> l.path("new").path(column).asText()).toList();
  }
}
