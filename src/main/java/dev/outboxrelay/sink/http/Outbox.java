// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages that wait for a connection, and how they are put together. */
final class Outbox {
  /** A batch ends at the message with which it holds so many bytes. */
  static final long BATCH_BYTES = 1 << 20;

  private final int batch;
  private final ArrayDeque<Message> queue = new ArrayDeque<>();

  /** What must not be put together with others, and comes first. */
  private final ArrayDeque<Parcel> first = new ArrayDeque<>();

  Outbox(int batch) {
    this.batch = batch;
  }

  void add(List<Message> messages) {
    queue.addAll(messages);
  }

  /** A request that is to be sent once more, as it was. */
  void again(Parcel parcel) {
    first.addFirst(new Parcel(parcel.messages(), true));
  }

  /** Messages of a batch that was refused: it is to be found out which of them is to blame. */
  void each(Parcel parcel) {
    for (Message message : parcel.messages()) {
      first.addLast(new Parcel(List.of(message), false));
    }
  }

  boolean isEmpty() {
    return first.isEmpty() && queue.isEmpty();
  }

  /** How many requests wait, at most so many. */
  int requests(int most) {
    return Math.min(most, first.size() + (queue.size() + batch - 1) / batch);
  }

  @Nullable Parcel next() {
    if (!first.isEmpty()) {
      return first.remove();
    }
    if (queue.isEmpty()) {
      return null;
    }
    List<Message> messages = new ArrayList<>();
    long bytes = 0;
    while (!queue.isEmpty() && messages.size() < batch && bytes < BATCH_BYTES) {
      Message message = queue.remove();
      messages.add(message);
      bytes += message.body().length;
    }
    return new Parcel(messages, false);
  }
}
