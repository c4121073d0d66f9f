// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds a message's id. The format 'change' begins with it; in the others it is the member {@code
 * id}, at the top or inside {@code source}.
 */
final class MessageId {

  private static final byte[] START = "{\"id\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final ObjectMapper JSON = new ObjectMapper();

  private MessageId() {}

  /** The id as ASCII, or null when there is none. */
  static byte @Nullable [] of(byte[] message) {
    int at = 0;
    while (at < START.length && at < message.length && message[at] == START[at]) {
      at++;
    }
    if (at == START.length) {
      int end = at;
      while (end < message.length && isPartOfId(message[end])) {
        end++;
      }
      if (end > at && end < message.length && message[end] == '"') {
        byte[] id = new byte[end - at];
        System.arraycopy(message, at, id, 0, id.length);
        return id;
      }
    }
    return parsed(message);
  }

  /** More than the relay sends: an id is to be given back, not to be understood. */
  private static boolean isPartOfId(int c) {
    return c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z';
  }

  private static byte @Nullable [] parsed(byte[] message) {
    try {
      JsonNode json = JSON.readTree(message);
      JsonNode id = json.path("id");
      if (id.isMissingNode()) {
        id = json.path("source").path("id");
      }
      String text = id.asText("");
      boolean known = !text.isEmpty() && text.chars().allMatch(MessageId::isPartOfId);
      return known ? text.getBytes(StandardCharsets.US_ASCII) : null;
    } catch (IOException e) {
      return null;
    }
  }
}
