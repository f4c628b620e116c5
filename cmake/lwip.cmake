# lwIP 2.1.3 from Debian's source package, for a board or for the host: NO_SYS, raw API, IPv4, and
# DHCP and DNS if lwipopts.h asks for them. Included from the top, because it enables C.
enable_language(C)
set(midge_sources ${PROJECT_SOURCE_DIR}/build/sources)
set(midge_lwip ${midge_sources}/lwip/src)
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/cmake/fetch-sources ${midge_sources} lwip
  COMMAND_ERROR_IS_FATAL ANY)

# midge_add_lwip(NAME FOLDER): a static library NAME that is built with FOLDER's lwipopts.h and
# arch/cc.h. All lwIP headers are system headers to who links it: our warnings don't judge them.
# A file whose feature is off compiles to nothing.
function(midge_add_lwip name options_folder)
  add_library(${name} STATIC
    ${midge_lwip}/core/altcp.c
    ${midge_lwip}/core/def.c
    ${midge_lwip}/core/dns.c
    ${midge_lwip}/core/inet_chksum.c
    ${midge_lwip}/core/init.c
    ${midge_lwip}/core/ip.c
    ${midge_lwip}/core/ipv4/autoip.c
    ${midge_lwip}/core/ipv4/dhcp.c
    ${midge_lwip}/core/ipv4/etharp.c
    ${midge_lwip}/core/ipv4/icmp.c
    ${midge_lwip}/core/ipv4/ip4.c
    ${midge_lwip}/core/ipv4/ip4_addr.c
    ${midge_lwip}/core/ipv4/ip4_frag.c
    ${midge_lwip}/core/mem.c
    ${midge_lwip}/core/memp.c
    ${midge_lwip}/core/netif.c
    ${midge_lwip}/core/pbuf.c
    ${midge_lwip}/core/stats.c
    ${midge_lwip}/core/tcp.c
    ${midge_lwip}/core/tcp_in.c
    ${midge_lwip}/core/tcp_out.c
    ${midge_lwip}/core/timeouts.c
    ${midge_lwip}/core/udp.c
    ${midge_lwip}/netif/ethernet.c)
  target_include_directories(${name} SYSTEM PUBLIC ${options_folder} ${midge_lwip}/include)
  target_compile_options(${name} PRIVATE -w -ffunction-sections -fdata-sections)
  if(MIDGE_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=address -fno-omit-frame-pointer)
  endif()
endfunction()
