# SPDX-License-Identifier: Apache-2.0
# Install tree and packages. Two components: `runtime` (program, data, licences) and `devel` (static
# libraries, public headers, CMake package). Included last: it reads what the modules declared.
include(CMakePackageConfigHelpers)

set(_patina_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Patina)
get_property(_patina_modules GLOBAL PROPERTY PATINA_MODULES)
list(REMOVE_ITEM _patina_modules patina_cli)  # the program's own; nothing for others to link

# Runtime: the program and the data it reads.
if(TARGET patina)
  set_target_properties(patina PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  install(TARGETS patina RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()
# Every folder of fixtures/ that core::data_file() is asked for; tests/architecture compares this list
# with the code.
set(PATINA_DATA_FOLDERS base fingerprint fonts paintings prompts siren)
foreach(_folder IN LISTS PATINA_DATA_FOLDERS)
  install(DIRECTORY fixtures/${_folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/patina COMPONENT runtime)
endforeach()
install(FILES report/evidence/evidence.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/patina
  COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/patina COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/patina COMPONENT runtime
  RENAME copyright)
install(FILES NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/patina
  COMPONENT runtime OPTIONAL)

# Devel: libraries and headers. The two interface targets travel along because static libraries
# record even private dependencies.
set_target_properties(patina_torch PROPERTIES EXPORT_NAME torch)
set_target_properties(patina_opencv PROPERTIES EXPORT_NAME opencv)
install(TARGETS ${_patina_modules} patina_torch patina_opencv EXPORT PatinaTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel)
install(EXPORT PatinaTargets NAMESPACE patina:: DESTINATION ${_patina_config_dir} COMPONENT devel)
install(FILES ${PROJECT_BINARY_DIR}/generated/core/version.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/patina/core COMPONENT devel)

# core/json.h names nlohmann/json_fwd.hpp, the one third-party header in a public header.
target_link_libraries(patina_core INTERFACE $<INSTALL_INTERFACE:nlohmann_json::nlohmann_json>)

# What a consumer of each module has to find is derived from what the module links, so that linking
# patina::stats asks for neither LibTorch nor Poco.
function(_patina_consumer_needs module uses_out packages_out)
  get_target_property(libraries ${module} LINK_LIBRARIES)
  set(uses "")
  set(packages "")
  foreach(library IN LISTS libraries)
    if(library MATCHES "^patina_torch$")
      list(APPEND packages Torch)
    elseif(library MATCHES "^patina_opencv$")
      list(APPEND packages OpenCV)
    elseif(library MATCHES "^patina_([a-z_]+)$")
      list(APPEND uses ${CMAKE_MATCH_1})
    elseif(library MATCHES "^(OpenSSL|Poco|LibXml2|LibHaru|LCMS2|ICU|Threads|ZLIB|JPEG|TIFF)::")
      list(APPEND packages ${CMAKE_MATCH_1})
    elseif(NOT library MATCHES "^\\$<(BUILD|INSTALL)_INTERFACE:|^::@")
      message(WARNING "${module} links ${library}: say in cmake/PatinaInstall.cmake how a "
        "consumer of the installed library finds it")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES packages)
  set(${uses_out} "${uses}" PARENT_SCOPE)
  set(${packages_out} "${packages}" PARENT_SCOPE)
endfunction()

set(PATINA_MODULE_NAMES "")
set(PATINA_MODULE_TABLE "")
foreach(_module IN LISTS _patina_modules)
  string(REGEX REPLACE "^patina_" "" _name ${_module})
  _patina_consumer_needs(${_module} _uses _packages)
  list(APPEND PATINA_MODULE_NAMES ${_name})
  string(APPEND PATINA_MODULE_TABLE "set(_patina_${_name}_uses ${_uses})\n")
  string(APPEND PATINA_MODULE_TABLE "set(_patina_${_name}_packages ${_packages})\n")
endforeach()
configure_package_config_file(cmake/PatinaConfig.cmake.in ${PROJECT_BINARY_DIR}/PatinaConfig.cmake
  INSTALL_DESTINATION ${_patina_config_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/PatinaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/PatinaConfig.cmake
  ${PROJECT_BINARY_DIR}/PatinaConfigVersion.cmake cmake/FindLibHaru.cmake cmake/FindLCMS2.cmake
  DESTINATION ${_patina_config_dir} COMPONENT devel)

# Packages: one TGZ of everything; patina and patina-dev as DEB.
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PACKAGE_NAME patina)
set(CPACK_PACKAGE_VENDOR "Patina maintainers")
set(CPACK_PACKAGE_CONTACT "Patina maintainers <maintainers@patina.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME patina-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime devel)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME patina)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "libopenblas0-pthread")  # the reference BLAS is far slower
set(CPACK_DEBIAN_DEVEL_PACKAGE_NAME patina-dev)
set(CPACK_DEBIAN_DEVEL_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS
  "patina (= ${PROJECT_VERSION}), libssl-dev, libopencv-dev, libjpeg-dev, libtiff-dev, zlib1g-dev, \
nlohmann-json3-dev")
set(CPACK_DEBIAN_DEVEL_PACKAGE_RECOMMENDS "libtorch-dev, libpoco-dev, libhpdf-dev, liblcms2-dev")
include(CPack)
cpack_add_component(runtime DISPLAY_NAME "patina" DESCRIPTION "The program, its data and licences")
cpack_add_component(devel DISPLAY_NAME "patina-dev" DESCRIPTION "Static libraries and headers"
  DEPENDS runtime)
