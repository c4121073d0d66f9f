// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A receiver as docs/reference/protocol.md advises: it drops ids that it knows, and keeps of each
 * row what the last other line said. It outlives every server.
 */
final class Keeper implements AutoCloseable {
  private final ScriptedReceiver receiver = ScriptedReceiver.startKeepingNothing(this::take);

  /** What came under an id, without what may differ from one sending to the next. */
  private final Map<String, String> contents = new HashMap<>();

  private final Map<String, String> rows = new TreeMap<>();
  private final Map<String, Set<String>> idsByNumber = new HashMap<>();
  private final Map<String, Long> smallestEpochs = new HashMap<>();
  private final Map<String, Long> greatestEpochs = new HashMap<>();
  private final List<String> problems = new ArrayList<>();
  private boolean refusing;

  String uri() {
    return receiver.uri();
  }

  private synchronized Reply take(ScriptedReceiver.Line line) {
    ObjectNode message = (ObjectNode) Wire.parse(line.text());
    long epoch = message.remove("epoch").asLong();
    message.remove("attempt");
    JsonNode row = message.path("new");
    String word = row.path("v").asText();
    smallestEpochs.merge(word, epoch, Math::min);
    greatestEpochs.merge(word, epoch, Math::max);
    if (refusing) {
      return Reply.nack("not now");
    }
    String id = message.path("id").asText();
    String content = message.toString();
    String known = contents.putIfAbsent(id, content);
    if (known == null) {
      idsByNumber.computeIfAbsent(id.split("-")[0], n -> new HashSet<>()).add(id);
      if (message.path("op").asText().equals("delete")) {
        rows.remove(message.path("key").asText());
      } else {
        rows.put(message.path("key").asText(), word);
      }
    } else if (!known.equals(content) && problems.size() < 5) {
      problems.add("id " + id + " was " + known + " and is " + content);
    }
    return Reply.ack();
  }

  synchronized void refuse(boolean refuse) {
    refusing = refuse;
  }

  synchronized Map<String, String> rows() {
    return new TreeMap<>(rows);
  }

  /** How many changes it knows. */
  synchronized long count() {
    return contents.size();
  }

  synchronized List<String> problems() {
    return List.copyOf(problems);
  }

  /** Numbers that were given out for more than one change. */
  synchronized long numbersOfSeveralChanges() {
    return idsByNumber.values().stream().filter(ids -> ids.size() > 1).count();
  }

  synchronized long greatestEpoch() {
    return greatestEpochs.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  synchronized long greatestEpochOf(String word) {
    return greatestEpochs.getOrDefault(word, 0L);
  }

  /** Of all rows whose word begins so. */
  synchronized long smallestEpochOf(String word) {
    return smallestEpochs.entrySet().stream()
        .filter(each -> each.getKey().startsWith(word))
        .mapToLong(Map.Entry::getValue)
        .min()
        .orElse(0);
  }

  @Override
  public void close() {
    receiver.close();
  }
}
