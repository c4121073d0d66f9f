// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Connections that have done their work and wait for the receiver to close, since a close with
 * something unread would reset them and could take the message back out of the receiver's hands.
 *
 * <p>A receiver that never closes must not use up the process's files: each lingers for a bounded
 * time, and beyond so many the oldest is closed. What was written to it is the kernel's to bring to
 * the end. Safe for threads.
 */
final class Lingering {

  static final int MAX_EACH = 32;
  static final int MAX_ALL = 256;
  private static final int SECONDS = 10;

  /** The destination of each, oldest first. */
  private final Map<Channel, String> open = new LinkedHashMap<>();

  /** Takes a connection over; called on its event loop. */
  void add(String destination, Channel channel) {
    List<Channel> tooMany;
    synchronized (this) {
      tooMany = makeRoom(destination);
      open.put(channel, destination);
    }
    tooMany.forEach(Channel::close);
    channel.closeFuture().addListener((ChannelFutureListener) future -> remove(future.channel()));
    var timer = channel.eventLoop().schedule(() -> channel.close(), SECONDS, TimeUnit.SECONDS);
    channel.closeFuture().addListener(future -> timer.cancel(false));
  }

  synchronized int count() {
    return open.size();
  }

  private synchronized void remove(Channel channel) {
    open.remove(channel);
  }

  private List<Channel> makeRoom(String destination) {
    List<Channel> tooMany = new ArrayList<>();
    List<Channel> own = new ArrayList<>();
    open.forEach(
        (channel, of) -> {
          if (of.equals(destination)) {
            own.add(channel);
          }
        });
    if (own.size() >= MAX_EACH) {
      tooMany.add(own.get(0));
    } else if (open.size() >= MAX_ALL) {
      tooMany.add(open.keySet().iterator().next());
    }
    tooMany.forEach(open::remove);
    return tooMany;
  }
}
