// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Messages for tests of what comes after the formatter. */
public final class Messages {

  private Messages() {}

  public static Message of(long id, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return new Message(
        id, 0, 1, "test", null, false, false, false, 0, bytes, bytes.length, false, null);
  }

  /** A message with its label. */
  public static Message labelled(long id, String body, Label label) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return new Message(
        id, 0, 1, "test", null, false, false, false, 0, bytes, bytes.length, false, null, label);
  }

  /** A message whose body is a line as small as a receiver can acknowledge. */
  public static Message small(long id) {
    return of(id, "{\"id\":\"" + id + "-0\",\"epoch\":1}");
  }

  /** Small messages with the ids from {@code first} to {@code last}. */
  public static List<Message> range(long first, long last) {
    List<Message> messages = new ArrayList<>();
    for (long id = first; id <= last; id++) {
      messages.add(small(id));
    }
    return messages;
  }
}
