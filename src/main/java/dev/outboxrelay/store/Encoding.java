// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Change;
import java.util.function.Function;

/**
 * How the messages of a destination are written as they are read.
 *
 * @param epoch the epoch under which this relay owns the destination
 * @param format change to bytes; called on the reading thread
 * @param labelled whether messages are to have a {@link dev.outboxrelay.values.Label}
 */
public record Encoding(long epoch, Function<Change, byte[]> format, boolean labelled) {

  /** Without labels. */
  public Encoding(long epoch, Function<Change, byte[]> format) {
    this(epoch, format, false);
  }
}
