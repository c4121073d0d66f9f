// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;

/** A destination on a cluster, as the cluster sees it. Called on any thread; never blocks. */
interface Member extends LaneEvents {
  Destination destination();

  /** Nothing is to be sent any more. */
  boolean isOver();

  /** Something is unanswered. */
  boolean isWaiting();

  /** Its lane is open. */
  void stood(Lane opened);

  /** The client would not take the message. */
  void refused(Message message, String why);

  @Override
  void ended(String reason, Fault fault);

  @Override
  void broken(Throwable problem);
}
