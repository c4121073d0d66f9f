// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.values.Message;
import java.util.List;

/** Who is up to date and gets what is new, as the tail reader sees him. */
public interface TailMember {
  String name();

  int doorbell();

  Encoding encoding();

  /** Whether more may come in. */
  boolean hasRoom();

  /** Whether he still wants what the tail reads. */
  boolean wantsTail();

  /** What is new. */
  void fromTail(List<Message> messages, long ticket);

  /** He has left: the window is too large for the tail, and he reads it by himself. */
  void pageWindow(String from, String upTo, long afterId);

  /** He has left, since there is no room: he goes on by himself from where the tail was. */
  void lag(String readUpTo);

  /** Something will be due then. */
  void dueIn(long delayMillis);

  /** Does whatever can be done now. */
  void pump();
}
