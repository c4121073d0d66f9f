// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import dev.outboxrelay.values.Change;

/**
 * Turns a change into the bytes of one message, without framing and without a line break inside.
 * Stateless.
 */
public interface Formatter {

  /**
   * Writes a message.
   *
   * @param change what was read
   * @return UTF-8 JSON on one line
   */
  byte[] format(Change change);
}
