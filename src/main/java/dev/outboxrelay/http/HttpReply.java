// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.nio.charset.StandardCharsets;

/**
 * What is answered.
 *
 * @param type the content's type
 */
public record HttpReply(int status, String type, byte[] body) {
  private static final String TEXT = "text/plain; charset=utf-8";

  /** A line of text. */
  public static HttpReply line(int status, String text) {
    return text(status, TEXT, text + "\n");
  }

  public static HttpReply text(int status, String type, String text) {
    return new HttpReply(status, type, text.getBytes(StandardCharsets.UTF_8));
  }
}
