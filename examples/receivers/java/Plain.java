// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;

/** A server that never answers, for ack 'close' or 'none': java Plain.java 4000. */
public class Plain {
  public static void main(String[] args) throws IOException {
    ServerSocket server = new ServerSocket(args.length > 0 ? Integer.parseInt(args[0]) : 4000);
    while (true) {
      Socket relay = server.accept();
      new Thread(
              () -> {
                try (relay) {
                  relay.getInputStream().transferTo(System.out);
                  System.out.flush();
                } catch (IOException e) {
                  System.err.println(e.getMessage());
                }
              })
          .start();
    }
  }
}
