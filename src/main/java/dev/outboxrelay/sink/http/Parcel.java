// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The messages of one request.
 *
 * @param again it was given to a kept connection that had ended
 */
record Parcel(List<Message> messages, boolean again) {

  /**
   * What the receiver knows the request by. That of a batch is made of all its messages' ids: a
   * batch that is put together otherwise is another one, which a receiver must not drop.
   */
  String id() {
    if (messages.size() == 1) {
      return messages.get(0).wireId().toString();
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Message message : messages) {
        digest.update((message.wireId() + "\n").getBytes(StandardCharsets.US_ASCII));
      }
      return "batch-" + HexFormat.of().formatHex(digest.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The body: the message itself, or a JSON array of several. */
  byte[] body() {
    if (messages.size() == 1) {
      return messages.get(0).body();
    }
    int length = 1 + messages.size();
    for (Message message : messages) {
      length = Math.addExact(length, message.body().length);
    }
    byte[] body = new byte[length];
    int at = 0;
    for (Message message : messages) {
      body[at] = (byte) (at == 0 ? '[' : ',');
      System.arraycopy(message.body(), 0, body, at + 1, message.body().length);
      at += message.body().length + 1;
    }
    body[at] = ']';
    return body;
  }
}
