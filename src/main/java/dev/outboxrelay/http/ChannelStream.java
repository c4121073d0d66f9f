// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.util.concurrent.atomic.AtomicBoolean;

/** A stream to one client: one piece is under way at a time, so that none piles up here. */
final class ChannelStream implements HttpStream {
  private final Channel channel;
  private final AtomicBoolean busy = new AtomicBoolean();

  ChannelStream(Channel channel) {
    this.channel = channel;
  }

  @Override
  public boolean offer(byte[] piece) {
    if (!channel.isActive() || !busy.compareAndSet(false, true)) {
      return false;
    }
    channel
        .writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)))
        .addListener(
            written -> {
              busy.set(false);
              if (!written.isSuccess()) {
                channel.close();
              }
            });
    return true;
  }

  @Override
  public void end() {
    channel.close();
  }

  @Override
  public void onEnd(Runnable action) {
    channel.closeFuture().addListener(closed -> action.run());
  }
}
